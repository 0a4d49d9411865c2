//! A server for scripts: prints the address of an empty database, and ends with its stdin.

use std::io::Read;

use levada_test_postgres::PostgresServer;

fn main() {
    let server = PostgresServer::start();
    println!("{}", server.new_database());
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
