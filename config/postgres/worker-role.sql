-- The rights that a worker and the commands need, for a role that does not own the tables: it can add to the audit,
-- and cannot take off what guards it. Run by the owner after each `rostering migrate`, which stays with the owner:
--
--     psql "$OWNER_URL" --set role=rostering_worker --file config/postgres/worker-role.sql
GRANT USAGE ON SCHEMA public TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"role";
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO :"role";
REVOKE UPDATE ON audit FROM :"role";
-- For a purge, which takes free texts out; the table's trigger refuses every other change.
GRANT UPDATE (detail) ON audit TO :"role";
