//! The suite is embedded by `include_dir!`; a changed or added file must rebuild the crate.
fn main() {
    println!("cargo:rerun-if-changed=scenarios");
}
