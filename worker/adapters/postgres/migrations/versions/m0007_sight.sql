-- Sight.
SELECT 1; -- nothing yet
