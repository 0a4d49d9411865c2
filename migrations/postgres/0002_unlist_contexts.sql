-- A context that was deleted is no longer listed; its row, and so its counter, stays.
ALTER TABLE contexts ADD COLUMN is_listed BOOLEAN NOT NULL DEFAULT TRUE;
