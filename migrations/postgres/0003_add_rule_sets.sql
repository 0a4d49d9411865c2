-- The rule set of a content as JSON; null where it has none.
ALTER TABLE schemas ADD COLUMN rule_set TEXT;
