//! How files are called in what a command says: by their paths from where people stand, or from the
//! top of the repository, where the tools of its host look for them.

use std::path::{Path, PathBuf};

use levada_schema_check::render::Format;
use levada_schema_check::report::Report;

/// The folders that paths are told from.
#[derive(Debug)]
pub(crate) struct Places {
    /// The working folder.
    here: PathBuf,
    /// The folder of the settings file, else the working folder: what a report counts from.
    home: PathBuf,
    /// The folder with the files of the git repository that `home` lies in.
    top: Option<PathBuf>,
}

impl Places {
    pub(crate) fn new(here: &Path, home: &Path) -> Self {
        let top = home.ancestors().find(|folder| folder.join(".git").exists());
        let (here, home) = (here.to_owned(), home.to_owned());
        Self { here, home, top: top.map(Path::to_owned) }
    }

    /// The report with its files as readers of the format look for them.
    pub(crate) fn shown(&self, format: Format, report: &Report) -> Report {
        match format {
            Format::Text | Format::Compact => report.with_paths(|path| self.path_from_here(path)),
            Format::Github | Format::Gitlab | Format::Sarif | Format::Markdown => {
                report.with_paths(|path| self.path_from_top(path))
            }
            Format::Json | Format::Junit => report.clone(),
        }
    }

    /// The path of a file from the working folder; whole where the settings say nothing about it.
    pub(crate) fn path_from_here(&self, path: &str) -> String {
        let whole = self.home.join(path);
        let is_outside = !whole.starts_with(&self.home);
        match whole.strip_prefix(&self.here) {
            Ok(inside) => shown(inside),
            Err(_) if is_outside => shown(&whole),
            Err(_) => {
                let shared = self.here.ancestors().find(|folder| whole.starts_with(folder));
                let shared = shared.unwrap_or(&self.here);
                let up = self.here.strip_prefix(shared).unwrap_or(&self.here).components();
                let rest = whole.strip_prefix(shared).unwrap_or(&whole);
                shown(&up.map(|_| "..").collect::<PathBuf>().join(rest))
            }
        }
    }

    fn path_from_top(&self, path: &str) -> String {
        let inside = self.top.as_ref().and_then(|top| {
            let whole = self.home.join(path);
            whole.strip_prefix(top).ok().map(shown)
        });
        inside.unwrap_or_else(|| path.to_owned())
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_from_where_one_stands_or_from_the_top_of_the_repository() {
        let top = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(top.path().join(".git")).unwrap();
        let places =
            |here: &str, home: &str| Places::new(&top.path().join(here), &top.path().join(home));
        assert_eq!(places("", "").path_from_here("s/a.avsc"), "s/a.avsc");
        assert_eq!(places("p/s", "p").path_from_here("s/a.avsc"), "a.avsc");
        assert_eq!(places("p/s/x", "p").path_from_here("t/a.avsc"), "../../t/a.avsc");
        assert_eq!(places("p/s", "p").path_from_top("s/a.avsc"), "p/s/a.avsc");
        assert_eq!(places("p", "p").path_from_here("/elsewhere/a.avsc"), "/elsewhere/a.avsc");
        assert_eq!(places("p", "p").path_from_top("/elsewhere/a.avsc"), "/elsewhere/a.avsc");
    }
}
