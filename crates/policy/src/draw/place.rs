//! Where boxes stand: columns by rank, lanes by role, boxes of one lane and column under one another.

/// Width of a box.
pub(super) const BOX_WIDTH: usize = 226;
/// From one column to the next.
const COLUMN_STEP: usize = 290;
/// Left edge of the first column.
const COLUMNS_LEFT: usize = 148;
/// Top edge of the first lane.
const LANES_TOP: usize = 56;
/// Between boxes of one column, and around them in a lane.
const GAP: usize = 14;

/// What a box stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Step,
    Hold,
    Reading,
    Outcome,
}

/// A box.
pub(super) struct Node {
    /// Kind and name: what edges name.
    pub(super) key: String,
    pub(super) kind: Kind,
    pub(super) lane: String,
    pub(super) column: usize,
    pub(super) name: String,
    pub(super) lines: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// Boxes, the arrows between them, and the lanes from top to bottom.
#[derive(Default)]
pub(super) struct Picture {
    pub(super) lanes: Vec<String>,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<(String, String)>,
}

/// Left and top of a box, and the height at which arrows meet it.
pub(super) struct Place {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) middle: usize,
}

impl Node {
    pub(super) fn height(&self) -> usize {
        let lines = self.lines.len().saturating_mul(16);
        let notes = self.notes.len().saturating_mul(15);
        lines.saturating_add(notes).saturating_add(34)
    }
}

impl Picture {
    pub(super) fn size(&self) -> (usize, usize) {
        let columns = self.nodes.iter().map(|node| node.column).max().unwrap_or(0).saturating_add(1);
        let width = columns.saturating_mul(COLUMN_STEP).saturating_add(COLUMNS_LEFT);
        let width = width.saturating_sub(COLUMN_STEP.saturating_sub(BOX_WIDTH)).saturating_add(28);
        let (top, height) = self.lane(self.lanes.len().saturating_sub(1));
        (width, top.saturating_add(height).saturating_add(10))
    }

    pub(super) fn lane_index(&self, lane: &str) -> usize {
        self.lanes.iter().position(|name| name == lane).unwrap_or(0)
    }

    /// Top and height of a lane.
    pub(super) fn lane(&self, index: usize) -> (usize, usize) {
        let heights: Vec<usize> = self.lanes.iter().map(|lane| self.lane_height(lane)).collect();
        let above: usize = heights.iter().take(index).map(|height| height.saturating_add(6)).sum();
        (above.saturating_add(LANES_TOP), heights.get(index).copied().unwrap_or(0))
    }

    fn lane_height(&self, lane: &str) -> usize {
        let columns = self.nodes.iter().map(|node| node.column).max().unwrap_or(0).saturating_add(1);
        let tallest = (0..columns).map(|column| self.stack(lane, column).map(stacked).sum::<usize>()).max();
        tallest.unwrap_or(0).saturating_add(GAP)
    }

    fn stack(&self, lane: &str, column: usize) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.lane == lane && node.column == column)
    }

    pub(super) fn place(&self, key: &str) -> Option<Place> {
        let node = self.nodes.iter().find(|node| node.key == key)?;
        let (top, height) = self.lane(self.lane_index(&node.lane));
        let whole: usize = self.stack(&node.lane, node.column).map(stacked).sum();
        let above: usize =
            self.stack(&node.lane, node.column).take_while(|other| other.key != key).map(stacked).sum();
        let spare = height.saturating_sub(GAP).saturating_sub(whole) / 2;
        let y = top.saturating_add(GAP).saturating_add(spare).saturating_add(above);
        let x = node.column.saturating_mul(COLUMN_STEP).saturating_add(COLUMNS_LEFT);
        Some(Place { x, y, middle: y.saturating_add(node.height() / 2) })
    }
}

fn stacked(node: &Node) -> usize {
    node.height().saturating_add(GAP)
}
