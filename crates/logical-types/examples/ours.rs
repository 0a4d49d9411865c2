use std::io::BufRead;
use levada_schema_core::*;
fn main() {
    std::thread::Builder::new().stack_size(64 << 20).spawn(|| {
    for line in std::io::stdin().lock().lines() {
        let q: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let t = match q["format"].as_str().unwrap() { "AVRO" => SchemaType::Avro, "JSON" => SchemaType::Json, _ => SchemaType::Protobuf };
        let limits = Limits::default();
        let native = if let Some(d) = q["ddl"].as_str() { levada_logical_types::to_native(d, levada_logical_types::Target { schema_type: t, row_name: q["row"].as_str().unwrap_or("row"), references: &[] }, &limits).map_err(|e| e.to_string()) } else { Ok(q["schema"].as_str().unwrap().to_owned()) };
        let r = match native {
            Err(e) => serde_json::json!({"error": e}),
            Ok(n) => match Schema::parse(RawSchema { schema_type: t, text: &n, references: &[] }, Validation::Stored, &limits) { Err(e) => serde_json::json!({"native": n, "error": e.to_string()}), Ok(s) => match levada_logical_types::from_native(&s, &[], &limits) { Ok(d) => serde_json::json!({"native": n, "ddl": d}), Err(e) => serde_json::json!({"native": n, "error": e.to_string()}) } },
        };
        println!("{r}");
    }}).unwrap().join().unwrap();
}
