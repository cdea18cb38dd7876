//! Writes the first inputs of every target into the corpus.

fn main() -> std::io::Result<()> {
    for (target, name, bytes) in licentia_fuzz::seeds() {
        let directory = format!("{}/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
        std::fs::create_dir_all(&directory)?;
        std::fs::write(format!("{directory}/{name}"), bytes)?;
    }
    Ok(())
}
