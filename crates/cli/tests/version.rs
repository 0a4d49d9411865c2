//! The binary itself. An integration test of this package also makes `cargo test` build it, which
//! the black-box tests of the workspace count on.

use std::process::Command;

#[test]
fn version_names_the_program_and_its_release() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_levada")).arg("--version").output().expect("it runs");
    let version = String::from_utf8(output.stdout).expect("text");
    assert_eq!(version, format!("levada {}\n", env!("CARGO_PKG_VERSION")));
}
