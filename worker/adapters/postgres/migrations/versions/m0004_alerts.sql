-- Alerts.
SELECT 1; -- nothing yet
