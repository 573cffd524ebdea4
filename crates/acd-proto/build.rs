//! Compiles `proto/` without `protoc`.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let files = ["common", "adapter", "agent", "statistics", "supervisor", "admin"]
        .map(|name| root.join(format!("acd/v1/{name}.proto")));
    let descriptors = protox::compile(&files, [&root])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("acd_v1.bin"), prost::Message::encode_to_vec(&descriptors))?;
    // So that a message knows its own name: its JSON is made from the descriptors by it.
    let mut named = tonic_prost_build::Config::new();
    named.enable_type_names();
    tonic_prost_build::configure().compile_fds_with_config(descriptors, named)?;
    Ok(())
}
