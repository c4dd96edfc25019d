//! A policy as a picture: steps as boxes from left to right in their order, one lane a role, holds and
//! outcomes. One self-contained SVG, legible on light and dark ground.

mod place;
mod style;

use crate::Policy;
use crate::duration::words;
use crate::model::{Expiry, Hold, Layout, Outcome, Reading, Step};
use core::fmt::Write;
use place::{BOX_WIDTH, Kind, Node, Picture};

/// The process as an SVG document, also fit to stand inside an HTML page.
#[must_use]
pub fn draw(policy: &Policy) -> String {
    let layout = policy.layout();
    let picture = picture(layout);
    let (width, height) = picture.size();
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\">"
    );
    let _ = writeln!(svg, "<title>{}</title>", escape(&layout.title));
    let _ = writeln!(svg, "<style>{}</style>", style::CSS);
    let _ = writeln!(svg, "<rect class=\"ls-ground\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>");
    let _ = writeln!(svg, "<text class=\"ls-title\" x=\"20\" y=\"34\">{}</text>", escape(&layout.title));
    lanes(&mut svg, &picture);
    for (from, to) in &picture.edges {
        edge(&mut svg, &picture, from, to);
    }
    picture.nodes.iter().for_each(|node| card(&mut svg, &picture, node));
    svg.push_str("</svg>\n");
    svg
}

/// Every box and arrow, before anything has a place.
fn picture(layout: &Layout) -> Picture {
    let mut picture = Picture::default();
    let acts = |role: &str| {
        layout.steps.iter().any(|step| step.by.as_str() == role)
            || layout.readings.iter().any(|reading| reading.by.as_str() == role)
    };
    for role in layout.roles.iter().filter(|role| acts(role.name.as_str())) {
        picture.lanes.push(role.name.to_string());
    }
    for outcome in &layout.outcomes {
        let lane = gate(outcome);
        if !picture.lanes.contains(&lane) {
            picture.lanes.push(lane);
        }
    }
    for step in &layout.steps {
        picture.nodes.push(step_node(layout, step));
        let before =
            step.after.iter().map(|name| (key("step", name.as_str()), key("step", step.name.as_str())));
        picture.edges.extend(before);
    }
    for hold in &layout.holds {
        hold_nodes(layout, hold, &mut picture);
    }
    let last = layout.steps.iter().map(|step| layout.rank(step)).max().unwrap_or(0);
    for outcome in &layout.outcomes {
        picture.nodes.push(outcome_node(layout, outcome, last.saturating_add(1)));
        let own = key("outcome", outcome.name.as_str());
        let from = outcome.after.iter().chain(&outcome.returns);
        picture.edges.extend(from.map(|name| (key("step", name.as_str()), own.clone())));
    }
    picture
}

fn step_node(layout: &Layout, step: &Step) -> Node {
    let role = layout.role(step.by.as_str());
    let keys = role.map(|role| role.keys).filter(|keys| *keys > 1).map(|keys| format!("{keys} persons sign"));
    let within = step.within_ms.map(|ms| format!("within {}", words(ms)));
    let due = step.due_ms.map(|ms| format!("due within {}", words(ms)));
    let commits = step.commits.then(|| "no deadline after it".to_owned());
    let fresh = step.fresh.as_ref().map(|fresh| format!("stale after {}", words(fresh.max_age_ms)));
    let once = step.single_use.as_ref().map(|_| "counts once, ever".to_owned());
    let evidence = step.evidence.iter().map(|name| format!("evidence: {name}"));
    Node {
        key: key("step", step.name.as_str()),
        kind: Kind::Step,
        lane: step.by.to_string(),
        column: layout.rank(step),
        name: step.name.to_string(),
        lines: wrap(&step.title),
        notes: keys
            .into_iter()
            .chain(within)
            .chain(due)
            .chain(commits)
            .chain(evidence)
            .chain(once)
            .chain(fresh)
            .collect(),
    }
}

/// A hold stands under the step that takes it, its reading in the lane of the observers, one column before.
fn hold_nodes(layout: &Layout, hold: &Hold, picture: &mut Picture) {
    let Some(step) = layout.step(hold.at.as_str()) else { return };
    let column = layout.rank(step);
    let own = key("hold", hold.name.as_str());
    let credits: String =
        hold.credits.iter().map(|credit| format!(" + {} {}", credit.step, credit.claim)).collect();
    let (amount, reserve) = (&hold.amount, &hold.reserve);
    let formula = format!("{amount} ≤ {} {}{credits} − {} − held", reserve.step, reserve.claim, hold.reading);
    picture.nodes.push(Node {
        key: own.clone(),
        kind: Kind::Hold,
        lane: step.by.to_string(),
        column,
        name: format!("hold {}", hold.name),
        lines: wrap(&formula.replace('_', " ")),
        notes: Vec::new(),
    });
    if let Some(reading) = layout.reading(hold.reading.as_str()) {
        let reading_key = key("reading", reading.name.as_str());
        if !picture.nodes.iter().any(|node| node.key == reading_key) {
            picture.nodes.push(reading_node(reading, column.saturating_sub(1)));
        }
        picture.edges.push((reading_key, own));
    }
}

fn reading_node(reading: &Reading, column: usize) -> Node {
    let domains: Vec<&str> = reading.domains.iter().map(lockstep_types::Name::as_str).collect();
    let quorum = match reading.quorum {
        1 => "1 institution".to_owned(),
        quorum => format!("{quorum} institutions agree"),
    };
    Node {
        key: key("reading", reading.name.as_str()),
        kind: Kind::Reading,
        lane: reading.by.to_string(),
        column,
        name: reading.name.to_string(),
        lines: wrap(&format!("reads the token supply on {}", domains.join(", "))),
        notes: vec![quorum, format!("at most {} old", words(reading.max_age_ms))],
    }
}

fn outcome_node(layout: &Layout, outcome: &Outcome, column: usize) -> Node {
    let chain = layout.domain(outcome.domain.as_str()).map(|domain| format!("on {}", domain.chain));
    let expires = match outcome.expires {
        Expiry::AfterMs(ms) => format!("within {}", words(ms)),
        Expiry::Never => "never expires".to_owned(),
    };
    let args: Vec<String> = outcome.call.args.iter().map(|arg| arg.said()).collect();
    let call = outcome.call.signature.split('(').next().unwrap_or_default();
    let unlocked = outcome.returns.as_ref().map(|_| "if the case ends otherwise".to_owned());
    Node {
        key: key("outcome", outcome.name.as_str()),
        kind: Kind::Outcome,
        lane: gate(outcome),
        column,
        name: outcome.name.to_string(),
        lines: wrap(&format!("{call}({})", args.join(", "))),
        notes: chain.into_iter().chain(unlocked).chain([expires, "once".to_owned()]).collect(),
    }
}

fn gate(outcome: &Outcome) -> String {
    format!("Gate on {}", outcome.domain)
}

fn key(kind: &str, name: &str) -> String {
    format!("{kind}/{name}")
}

fn lanes(svg: &mut String, picture: &Picture) {
    let (width, _) = picture.size();
    for (index, lane) in picture.lanes.iter().enumerate() {
        let (top, height) = picture.lane(index);
        let band = index.checked_rem(2).unwrap_or(0);
        let _ = writeln!(
            svg,
            "<rect class=\"ls-lane{band}\" x=\"10\" y=\"{top}\" width=\"{}\" height=\"{height}\" rx=\"6\"/>",
            width.saturating_sub(20)
        );
        let middle = top.saturating_add(height / 2).saturating_add(5);
        let hue = style::hue(index);
        let _ =
            writeln!(svg, "<text class=\"ls-role {hue}\" x=\"24\" y=\"{middle}\">{}</text>", escape(lane));
    }
}

fn card(svg: &mut String, picture: &Picture, node: &Node) {
    let Some(place) = picture.place(&node.key) else { return };
    let (x, y, height) = (place.x, place.y, node.height());
    let hue = style::hue(picture.lane_index(&node.lane));
    let (class, radius) = match node.kind {
        Kind::Step => ("ls-card", 6),
        Kind::Hold => ("ls-hold", 16),
        Kind::Reading => ("ls-reading", 6),
        Kind::Outcome => ("ls-outcome", 6),
    };
    let _ = writeln!(
        svg,
        "<rect class=\"{class} {hue}\" x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" height=\"{height}\" \
         rx=\"{radius}\"/>"
    );
    if node.kind == Kind::Step || node.kind == Kind::Outcome {
        let _ = writeln!(
            svg,
            "<rect class=\"ls-stripe {hue}\" x=\"{x}\" y=\"{y}\" width=\"6\" height=\"{height}\" rx=\"3\"/>"
        );
    }
    let x = x.saturating_add(16);
    let mut y = y.saturating_add(22);
    let _ = writeln!(svg, "<text class=\"ls-name\" x=\"{x}\" y=\"{y}\">{}</text>", escape(&node.name));
    for line in &node.lines {
        y = y.saturating_add(16);
        let _ = writeln!(svg, "<text class=\"ls-line\" x=\"{x}\" y=\"{y}\">{}</text>", escape(line));
    }
    for note in &node.notes {
        y = y.saturating_add(15);
        let _ = writeln!(svg, "<text class=\"ls-note\" x=\"{x}\" y=\"{y}\">{}</text>", escape(note));
    }
}

fn edge(svg: &mut String, picture: &Picture, from: &str, to: &str) {
    let (Some(start), Some(end)) = (picture.place(from), picture.place(to)) else { return };
    let (x1, y1) = (start.x.saturating_add(BOX_WIDTH), start.middle);
    let (x2, y2) = (end.x.saturating_sub(7), end.middle);
    let bend = (x2.saturating_sub(x1) / 2).max(20);
    let (c1, c2) = (x1.saturating_add(bend), x2.saturating_sub(bend));
    let class = if from.starts_with("reading/") { "ls-edge ls-dashed" } else { "ls-edge" };
    let _ = writeln!(svg, "<path class=\"{class}\" d=\"M{x1} {y1} C{c1} {y1} {c2} {y2} {x2} {y2}\"/>");
    let (top, bottom) = (y2.saturating_sub(5), y2.saturating_add(5));
    let tip = x2.saturating_add(6);
    let _ = writeln!(svg, "<path class=\"ls-tip\" d=\"M{x2} {top} L{tip} {y2} L{x2} {bottom} Z\"/>");
}

/// Lines of a width that fits a box. A word that is longer than a line is cut.
fn wrap(text: &str) -> Vec<String> {
    const LETTERS_MAX: usize = 30;
    const LINES_MAX: usize = 5;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word: String = word.chars().take(LETTERS_MAX).collect();
        match lines.last_mut() {
            Some(line) if line.chars().count().saturating_add(word.chars().count()) < LETTERS_MAX => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    if lines.len() > LINES_MAX {
        lines.truncate(LINES_MAX);
        lines.push("…".to_owned());
    }
    lines
}

/// Text as XML: file names and titles come from outside.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
