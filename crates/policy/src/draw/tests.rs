use super::*;
use crate::policy::tests::{GUARDS, LAYOUT, stablecoin};

#[test]
fn every_step_hold_reading_and_outcome_is_in_the_picture() {
    let svg = draw(&stablecoin());
    for name in
        ["request", "payment", "reserve", "audit", "screen", "approve", "hold headroom", "supply", "mint"]
    {
        assert!(svg.contains(&format!(">{name}</text>")), "{name}");
    }
    assert_eq!(
        svg.matches("class=\"ls-edge").count(),
        8,
        "six arrows of order, one to the outcome, one reading"
    );
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(!svg.contains("href") && !svg.contains("url("), "nothing is fetched");
}

#[test]
fn boxes_do_not_overlap() {
    let picture = picture(stablecoin().layout());
    let places: Vec<_> =
        picture.nodes.iter().map(|node| (picture.place(&node.key).unwrap(), node.height())).collect();
    for (index, (a, height_a)) in places.iter().enumerate() {
        for (b, height_b) in &places[index + 1..] {
            let apart = a.x != b.x || a.y + height_a < b.y || b.y + height_b < a.y;
            assert!(apart, "boxes at {},{} and {},{}", a.x, a.y, b.x, b.y);
        }
    }
}

#[test]
fn a_title_cannot_write_markup() {
    let layout = LAYOUT.replace("asks for the issuance", "<script>alert(1)</script> & 'more'");
    let policy = Policy::from_files(layout.as_bytes(), GUARDS.as_bytes()).unwrap();
    let svg = draw(&policy);
    assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn long_titles_are_wrapped_and_cut() {
    assert_eq!(wrap("has received the customer's money"), ["has received the customer's", "money"]);
    assert_eq!(wrap(&"x".repeat(512)), ["x".repeat(30)]);
    assert_eq!(wrap(&"word ".repeat(100)).len(), 6);
}
