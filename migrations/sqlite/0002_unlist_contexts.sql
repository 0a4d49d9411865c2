-- A context that was deleted is no longer listed; its row, and so its counter, stays.
ALTER TABLE contexts ADD COLUMN is_listed INTEGER NOT NULL DEFAULT 1 CHECK (is_listed IN (0, 1));
