-- What was written into the audit stays: no row can be changed, but for texts that a purge takes out of its detail, and
-- none can be deleted before it is a year old. The tables' owner could take the trigger off; a worker with a
-- role of its own cannot (docs/deployment.md).
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.detail <@ OLD.detail
            AND (NEW.id, NEW.at, NEW.actor, NEW.action, NEW.district_id)
                IS NOT DISTINCT FROM (OLD.id, OLD.at, OLD.actor, OLD.action, OLD.district_id)
        THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF OLD.at < now() - interval '1 year' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit can only be added to' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_stays();
