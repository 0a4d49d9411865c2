-- Subjects are listed by the names that they are shown with, a page at a time.
CREATE INDEX subject_revisions_by_name ON subject_revisions (
    (CASE WHEN context = '.' THEN subject ELSE ':' || context || ':' || subject END)
);
