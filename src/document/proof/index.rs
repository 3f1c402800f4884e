//! What was put where: every operation that a later one may refer to, in runs of typed characters.
//!
//! A text is a tree: each element hangs on the one that it was inserted after, and of those that hang on one
//! element the newest comes first. Characters typed one behind the other are one node of the tree, so the tree
//! is small, and jumps over several generations find where two ways part in a number of steps that grows with
//! the logarithm of their length. Deletions leave no trace here.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::HashMap;

use super::super::history::push;
use super::super::kept::{Page, Pen};
use super::actors::{Actor, Actors};
use super::schema::Kind;

pub(super) type Number = u32;
/// The number of an object; 0 is the root.
pub(super) type Object = u32;

/// Before all elements of a text.
const HEAD: Number = u32::MAX;

pub(super) struct Index {
    pub(super) actors: Actors,
    nodes: Vec<Node>,
    /// By actor: its nodes, ascending by their counters.
    by_actor: Vec<Vec<Number>>,
    objects: Vec<Made>,
    keys: HashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
    /// Nodes that have grown since the last confirmation, with the length before.
    grown: Vec<(Number, u32)>,
    /// The node that was found last: the next one asked for is often the same.
    last: Cell<Number>,
    /// How many nodes were gone through to find the order of others.
    #[cfg(test)]
    steps: Cell<u64>,
}

/// What an operation of the index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A run of characters of a text.
    Characters,
    /// A block marker of a text, which is an object as well.
    Block,
    /// The beginning or the end of a mark.
    Mark,
    /// A value of a map.
    Put,
    /// An object in a map.
    Make,
    /// An element of a list.
    Item,
    /// A new value of such an element.
    ItemPut,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    actor: Actor,
    /// The counter of its first operation, and how many there are: one, unless it is a run of characters.
    start: u32,
    len: u32,
    /// The object that holds it, and its role in the lowest three bits.
    object_role: u32,
    /// In a text: the node that it hangs on. In a map: the key. A new value in a list: the element.
    parent: u32,
    /// Which of the parent's characters it hangs on.
    offset: u32,
    /// How many nodes there are above it, `HEAD` included.
    depth: u32,
    /// A node further up.
    jump: Number,
}

#[derive(Debug, PartialEq)]
struct Made {
    node: Number,
    kind: Kind,
}

/// One operation in its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) node: Number,
    pub(super) offset: u32,
}

/// How far the index was filled at some moment.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    nodes: usize,
    objects: usize,
    names: usize,
    actors: usize,
    grown: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            actors: Actors::default(),
            nodes: Vec::new(),
            by_actor: Vec::new(),
            objects: vec![Made { node: HEAD, kind: Kind::Root }],
            keys: HashMap::new(),
            names: Vec::new(),
            grown: Vec::new(),
            last: Cell::new(0),
            #[cfg(test)]
            steps: Cell::default(),
        }
    }
}

impl Index {
    /// Where an operation stands, if it is one that can be referred to.
    pub(super) fn find(&self, actor: Actor, counter: u32) -> Option<Place> {
        let place = |number: Number| {
            let node = self.nodes.get(number as usize)?;
            let offset = counter.checked_sub(node.start)?;
            (node.actor == actor && offset < node.len).then_some(Place { node: number, offset })
        };
        place(self.last.get()).or_else(|| {
            let numbers = self.by_actor.get(actor as usize)?;
            let behind = numbers.partition_point(|&number| self.nodes[number as usize].start <= counter);
            let found = place(*numbers.get(behind.checked_sub(1)?)?)?;
            self.last.set(found.node);
            Some(found)
        })
    }

    pub(super) fn role(&self, place: Place) -> Role {
        self.nodes[place.node as usize].role()
    }

    /// The object that holds an operation.
    pub(super) fn holder(&self, place: Place) -> Object {
        self.nodes[place.node as usize].object()
    }

    /// The key of a value or an object in a map; the element of a new value in a list.
    pub(super) fn key(&self, place: Place) -> u32 {
        self.nodes[place.node as usize].parent
    }

    /// The object that an operation made, if it made one.
    pub(super) fn made(&self, place: Place) -> Option<Object> {
        let at = self.objects[1..].binary_search_by_key(&place.node, |made| made.node).ok()?;
        Some(at as Object + 1)
    }

    pub(super) fn kind(&self, object: Object) -> Kind {
        self.objects[object as usize].kind
    }

    pub(super) fn name(&mut self, key: &str) -> u32 {
        if let Some(&number) = self.keys.get(key) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(key.into());
        self.keys.insert(key.into(), number);
        number
    }

    /// Puts one operation in, which must be newer than all of its actor: what it is, in which object, and the
    /// key or the element that it belongs to.
    pub(super) fn put(
        &mut self,
        actor: Actor,
        counter: u32,
        object: Object,
        role: Role,
        parent: u32,
    ) -> Place {
        self.push(Node {
            actor,
            start: counter,
            len: 1,
            object_role: object << 3 | role as u32,
            parent,
            offset: 0,
            depth: 0,
            jump: HEAD,
        })
    }

    /// Puts an element into a text, behind another or before all.
    pub(super) fn insert(
        &mut self,
        actor: Actor,
        counter: u32,
        text: Object,
        role: Role,
        after: Option<Place>,
    ) -> Place {
        let object_role = text << 3 | role as u32;
        if let Some(after) = after {
            let node = &mut self.nodes[after.node as usize];
            let goes_on = role == Role::Characters
                && node.object_role == object_role
                && node.actor == actor
                && node.start + node.len == counter
                && after.offset + 1 == node.len;
            if goes_on {
                self.grown.push((after.node, node.len));
                node.len += 1;
                return Place { node: after.node, offset: after.offset + 1 };
            }
        }
        let (parent, offset) = after.map_or((HEAD, 0), |after| (after.node, after.offset));
        let (depth, jump) = self.below(parent);
        self.push(Node { actor, start: counter, len: 1, object_role, parent, offset, depth, jump })
    }

    /// The depth and the jump of what hangs on a node.
    fn below(&self, parent: Number) -> (u32, Number) {
        let above = self.jump(parent);
        let further = self.jump(above);
        let even = self.depth(parent) - self.depth(above) == self.depth(above) - self.depth(further);
        (self.depth(parent) + 1, if even { further } else { parent })
    }

    fn push(&mut self, node: Node) -> Place {
        let number = self.nodes.len() as Number;
        let actor = node.actor as usize;
        push(&mut self.nodes, node);
        if actor >= self.by_actor.len() {
            self.by_actor.resize_with(actor + 1, Vec::new);
        }
        push(&mut self.by_actor[actor], number);
        Place { node: number, offset: 0 }
    }

    /// Says that an operation made an object.
    pub(super) fn make(&mut self, place: Place, kind: Kind) -> Object {
        self.objects.push(Made { node: place.node, kind });
        self.objects.len() as Object - 1
    }

    /// The order of two elements of one text, with what was deleted in it.
    pub(super) fn order(&self, a: Place, b: Place) -> Ordering {
        if a.node == b.node {
            return a.offset.cmp(&b.offset);
        }
        let (mut x, mut y) = (a.node, b.node);
        let (depth_x, depth_y) = (self.depth(x), self.depth(y));
        if depth_x > depth_y {
            let branch = self.climb(x, depth_y + 1);
            x = self.parent(branch);
            if x == y {
                return self.branch_and_element(branch, b.offset);
            }
        } else if depth_y > depth_x {
            let branch = self.climb(y, depth_x + 1);
            y = self.parent(branch);
            if x == y {
                return self.branch_and_element(branch, a.offset).reverse();
            }
        }
        // Nodes of one depth jump equally far.
        while self.parent(x) != self.parent(y) {
            self.step();
            if self.jump(x) == self.jump(y) {
                (x, y) = (self.parent(x), self.parent(y));
            } else {
                (x, y) = (self.jump(x), self.jump(y));
            }
        }
        let (offset_x, offset_y) = (self.nodes[x as usize].offset, self.nodes[y as usize].offset);
        match offset_x.cmp(&offset_y) {
            Ordering::Less => self.branch_and_element(x, offset_y),
            Ordering::Greater => self.branch_and_element(y, offset_x).reverse(),
            Ordering::Equal => self.newer_first(self.first(x), self.first(y)),
        }
    }

    /// The order of what hangs on a node, with all below it, and of a character of that node.
    fn branch_and_element(&self, branch: Number, offset: u32) -> Ordering {
        let at = self.nodes[branch as usize].offset;
        if at >= offset {
            return Ordering::Greater;
        }
        // The run's next character hangs on the same one as the branch does.
        let trunk = self.nodes[self.parent(branch) as usize];
        self.newer_first(self.first(branch), (trunk.start + at + 1, trunk.actor))
    }

    fn newer_first(&self, a: (u32, Actor), b: (u32, Actor)) -> Ordering {
        self.actors.order(b, a)
    }

    fn first(&self, node: Number) -> (u32, Actor) {
        let node = &self.nodes[node as usize];
        (node.start, node.actor)
    }

    fn climb(&self, mut node: Number, depth: u32) -> Number {
        while self.depth(node) > depth {
            self.step();
            let jump = self.jump(node);
            node = if self.depth(jump) >= depth { jump } else { self.parent(node) };
        }
        node
    }

    fn step(&self) {
        #[cfg(test)]
        self.steps.set(self.steps.get() + 1);
    }

    #[cfg(test)]
    pub(super) fn steps(&self) -> u64 {
        self.steps.get()
    }

    fn depth(&self, node: Number) -> u32 {
        if node == HEAD { 0 } else { self.nodes[node as usize].depth }
    }

    fn jump(&self, node: Number) -> Number {
        if node == HEAD { HEAD } else { self.nodes[node as usize].jump }
    }

    fn parent(&self, node: Number) -> Number {
        if node == HEAD { HEAD } else { self.nodes[node as usize].parent }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            nodes: self.nodes.len(),
            objects: self.objects.len(),
            names: self.names.len(),
            actors: self.actors.len(),
            grown: self.grown.len(),
        }
    }

    /// As it was at a moment since the last [`settle`](Self::settle).
    pub(super) fn back_to(&mut self, mark: &Mark) {
        for (node, len) in self.grown.drain(mark.grown..).rev() {
            self.nodes[node as usize].len = len;
        }
        for node in self.nodes.drain(mark.nodes..) {
            self.by_actor[node.actor as usize].pop();
        }
        self.objects.truncate(mark.objects);
        for name in self.names.drain(mark.names..) {
            self.keys.remove(&name);
        }
        self.actors.truncate(mark.actors);
    }

    /// What was put in stays.
    pub(super) fn settle(&mut self) {
        self.grown.clear();
        self.grown.shrink_to(1024);
    }

    /// How many runs, marks, blocks and values there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn save(&self, pen: &mut Pen) {
        pen.number(self.actors.len() as u64);
        (0..self.actors.len()).for_each(|actor| pen.bytes(self.actors.id(actor as Actor)));
        pen.number(self.names.len() as u64);
        self.names.iter().for_each(|name| pen.bytes(name.as_bytes()));
        pen.number(self.nodes.len() as u64);
        for node in &self.nodes {
            let Node { actor, start, len, object_role, parent, offset, .. } = *node;
            for number in [actor, start, len, object_role, parent.wrapping_add(1), offset] {
                pen.number(number);
            }
        }
        pen.number(self.objects.len() as u64 - 1);
        for made in &self.objects[1..] {
            pen.number(made.node);
            pen.number(made.kind as u8);
        }
    }

    /// Into an empty index.
    pub(super) fn load(&mut self, page: &mut Page<'_>) -> Option<()> {
        for _ in 0..page.number()? {
            self.actors.meet(page.bytes()?);
        }
        for _ in 0..page.number()? {
            self.name(std::str::from_utf8(page.bytes()?).ok()?);
        }
        for number in 0..page.small()? {
            let mut next = || page.small();
            let (actor, start, len, object_role) = (next()?, next()?, next()?, next()?);
            let (parent, offset) = (next()?.wrapping_sub(1), next()?);
            let mut node = Node { actor, start, len, object_role, parent, offset, depth: 0, jump: HEAD };
            if matches!(node.role(), Role::Characters | Role::Block | Role::Mark) {
                if parent != HEAD && parent >= number {
                    return None;
                }
                (node.depth, node.jump) = self.below(parent);
            }
            self.push(node);
        }
        for _ in 0..page.number()? {
            let (node, kind) = (page.small()?, Kind::of(page.small()?)?);
            self.objects.push(Made { node, kind });
        }
        Some(())
    }

    /// All that it says, to be compared.
    #[cfg(test)]
    pub(super) fn all(&self) -> String {
        let actors: Vec<&[u8]> = (0..self.actors.len()).map(|actor| self.actors.id(actor as Actor)).collect();
        let Self { nodes, by_actor, objects, names, .. } = self;
        let by_actor: Vec<_> = by_actor.iter().filter(|numbers| !numbers.is_empty()).collect();
        format!("{actors:?} {nodes:?} {by_actor:?} {objects:?} {names:?}")
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        let numbers: usize = self.by_actor.iter().map(|numbers| numbers.capacity() * 4 + 24).sum();
        let names: usize = self.names.iter().map(|name| 2 * (name.len() + 16) + 8).sum();
        self.nodes.capacity() * size_of::<Node>()
            + self.objects.capacity() * size_of::<Made>()
            + numbers
            + names
            + self.actors.bytes()
    }
}

impl Node {
    fn object(&self) -> Object {
        self.object_role >> 3
    }

    fn role(&self) -> Role {
        match self.object_role & 7 {
            0 => Role::Characters,
            1 => Role::Block,
            2 => Role::Mark,
            3 => Role::Put,
            4 => Role::Make,
            5 => Role::Item,
            _ => Role::ItemPut,
        }
    }
}
