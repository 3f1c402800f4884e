//! The files under `tests/golden/blocks`: a section's spans, and what every reader must make of them. The web
//! client reads the same files. `GOLDEN=write cargo test golden` writes what the code now says; look at the
//! difference before keeping it.

use std::{fs, path::Path};

use quorate::document::{Span, normalise, tree};
use serde_json::{Value, json};

#[test]
fn blocks_and_trees_are_as_the_golden_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/blocks");
    let write = std::env::var("GOLDEN").is_ok_and(|what| what == "write");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 25, "the golden files are missing");
    for file in files {
        let golden: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let section = golden["section"].as_str().unwrap();
        let spans: Vec<Span> = serde_json::from_value(golden["spans"].clone()).unwrap();
        let blocks = normalise(section, &spans);
        let now = json!({
            "section": section,
            "spans": golden["spans"],
            "blocks": blocks,
            "starts": blocks.iter().map(|block| block.start).collect::<Vec<_>>(),
            "tree": tree(&blocks),
        });
        if write {
            fs::write(&file, layout(&now)).unwrap();
        } else {
            assert_eq!(now, golden, "{}", file.display());
        }
    }
}

/// A line for each span, block and node, so that a difference is easy to see.
fn layout(golden: &Value) -> String {
    let lines = |key: &str| {
        let items: Vec<String> =
            golden[key].as_array().unwrap().iter().map(|item| format!("    {}", ascii(item))).collect();
        if items.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", items.join(",\n")) }
    };
    format!(
        "{{\n  \"section\": {},\n  \"spans\": {},\n  \"blocks\": {},\n  \"starts\": {},\n  \"tree\": {}\n}}\n",
        golden["section"],
        lines("spans"),
        lines("blocks"),
        golden["starts"],
        lines("tree"),
    )
}

/// JSON in ASCII: what is invisible or runs from right to left is seen for what it is.
fn ascii(value: &Value) -> String {
    let mut units = [0; 2];
    value
        .to_string()
        .chars()
        .map(|c| match c {
            ' '..='~' => c.to_string(),
            _ => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        })
        .collect()
}
