//! Makes types of the schema files, one of which must be what the lock file has.

fn main() -> Result<(), levada_serde_build::BuildError> {
    levada_serde_build::Builder::new()
        .schema("schemas/line.avsc")
        .schema("schemas/order.avsc")
        .schema("schemas/tree.avsc")
        .schema("schemas/payment.avsc")
        .lock_file("schemas/levada.lock")
        .locked("schemas/line.avsc", "line-value")
        .generate("schemas.rs")
}
