-- A window on 9999-12-31 cannot be reckoned with: there is no day after it. What a person gives is checked more closely.
UPDATE lifecycles SET opens_on = NULL, launch_on = NULL
WHERE opens_on NOT BETWEEN '1990-01-01' AND '2199-12-31' OR launch_on NOT BETWEEN '1990-01-01' AND '2199-12-31';
ALTER TABLE lifecycles ADD CONSTRAINT days_are_in_reach CHECK (
    opens_on BETWEEN '1990-01-01' AND '2199-12-31' AND launch_on BETWEEN '1990-01-01' AND '2199-12-31');
