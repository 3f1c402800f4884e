//! Flat blocks as a tree: list items gathered into lists, by their depth. Total, like [`super::normalise`], and
//! kept in step with the web client's by the same golden files.

use serde::{Deserialize, Serialize};

use super::blocks::{Block, BlockType, Run};

/// One part of a section, as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Node {
    SectionHeading { id: String, runs: Vec<Run> },
    Heading { level: u8, id: String, runs: Vec<Run> },
    Paragraph { id: String, runs: Vec<Run> },
    Blockquote { id: String, runs: Vec<Run> },
    Table { id: String, runs: Vec<Run> },
    List(List),
}

/// Successive items of one kind and depth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    pub ordered: bool,
    pub items: Vec<Item>,
}

/// An item, with what stands below it: lists only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub id: String,
    pub runs: Vec<Run>,
    pub children: Vec<Node>,
}

/// Keeps every character of every block, in order.
pub fn tree(blocks: &[Block]) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut rest = blocks;
    while let Some((block, after)) = rest.split_first() {
        let (id, runs) = (block.id.clone(), block.runs.clone());
        nodes.push(match block.kind {
            BlockType::SectionHeading => Node::SectionHeading { id, runs },
            BlockType::Heading => Node::Heading { level: block.attrs.level.unwrap_or(2), id, runs },
            BlockType::Paragraph => Node::Paragraph { id, runs },
            BlockType::Blockquote => Node::Blockquote { id, runs },
            BlockType::Table => Node::Table { id, runs },
            BlockType::UnorderedListItem | BlockType::OrderedListItem => {
                let items = rest.iter().position(|next| !is_item(next)).unwrap_or(rest.len());
                nodes.extend(lists(&with_depths(&rest[..items]), 0));
                rest = &rest[items..];
                continue;
            }
        });
        rest = after;
    }
    nodes
}

fn is_item(block: &Block) -> bool {
    matches!(block.kind, BlockType::UnorderedListItem | BlockType::OrderedListItem)
}

/// An item is at most one step deeper than the one before it, and the first is not indented at all: so no
/// level of the tree is left out, whatever the indents say.
fn with_depths(items: &[Block]) -> Vec<(u8, &Block)> {
    let mut most = 0;
    items
        .iter()
        .map(|item| {
            let depth = item.attrs.indent.unwrap_or(0).min(most);
            most = depth + 1;
            (depth, item)
        })
        .collect()
}

/// The lists at one depth; what is deeper goes below the item before it.
fn lists(items: &[(u8, &Block)], depth: u8) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut rest = items;
    while let Some(((_, block), after)) = rest.split_first() {
        let below = after.iter().position(|(next, _)| *next <= depth).unwrap_or(after.len());
        let item = Item {
            id: block.id.clone(),
            runs: block.runs.clone(),
            children: lists(&after[..below], depth + 1),
        };
        let ordered = block.kind == BlockType::OrderedListItem;
        match nodes.last_mut() {
            Some(Node::List(list)) if list.ordered == ordered => list.items.push(item),
            _ => nodes.push(Node::List(List { ordered, items: vec![item] })),
        }
        rest = &after[below..];
    }
    nodes
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::{Span, normalise};
    use super::*;

    fn any_json() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-3i64..12).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
            Just(json!({"id": "p"})),
            Just(json!([])),
        ]
    }

    fn marker() -> impl Strategy<Value = Span> {
        let kind = prop_oneof![
            4 => prop::sample::select(vec![
                "section-heading", "paragraph", "heading", "unordered-list-item", "ordered-list-item",
                "blockquote", "table",
            ])
            .prop_map(Value::from),
            1 => any_json(),
        ];
        let id = prop_oneof![4 => "[a-d]".prop_map(Value::from), 1 => any_json()];
        (kind, id, any_json(), any_json(), any::<bool>()).prop_map(|(kind, id, level, indent, whole)| {
            let attrs = json!({"id": id, "level": level, "indent": indent});
            Span::Block { value: if whole { json!({"type": kind, "attrs": attrs}) } else { level } }
        })
    }

    fn text() -> impl Strategy<Value = Span> {
        let name = prop::sample::select(vec!["strong", "em", "link", "other"]).prop_map(str::to_owned);
        let value =
            prop_oneof![Just(json!(true)), Just(json!(r#"{"href":"https://example.org"}"#)), any_json()];
        let marks = prop::collection::btree_map(name, value, 0..4);
        ("(?s).{0,8}|[\u{0}-\u{3}\t\n\u{FFFC}]{1,3}", marks)
            .prop_map(|(value, marks): (String, BTreeMap<String, Value>)| Span::Text { value, marks })
    }

    fn words(nodes: &[Node], to: &mut String) {
        for node in nodes {
            match node {
                Node::SectionHeading { runs, .. }
                | Node::Heading { runs, .. }
                | Node::Paragraph { runs, .. }
                | Node::Blockquote { runs, .. }
                | Node::Table { runs, .. } => runs.iter().for_each(|run| to.push_str(&run.text)),
                Node::List(list) => {
                    for item in &list.items {
                        item.runs.iter().for_each(|run| to.push_str(&run.text));
                        words(&item.children, to);
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_makes_blocks_and_a_tree_that_keep_every_character(
            spans in prop::collection::vec(prop_oneof![2 => marker(), 3 => text()], 0..24)
        ) {
            let blocks = normalise("s1", &spans);
            prop_assert_eq!(blocks[0].kind, BlockType::SectionHeading);
            let ids: HashSet<&str> = blocks.iter().map(|block| block.id.as_str()).collect();
            prop_assert_eq!(ids.len(), blocks.len(), "each id stands once");

            let markers = spans.iter().filter(|span| matches!(span, Span::Block { .. })).count();
            let own: usize = blocks.iter().map(|block| block.len).sum();
            let width: usize = spans.iter().map(Span::width).sum();
            prop_assert_eq!(own + markers, width, "each code unit belongs to one block");

            let mut shown = String::new();
            words(&tree(&blocks), &mut shown);
            let flat: String = blocks.iter().map(|block| block.text.as_str()).collect();
            prop_assert_eq!(shown, flat);
        }
    }
}
