use super::without_faults;
use crate::finding::{GUARDS_FILE, Source};
use crate::guard::compile::{check_each, faults};
use crate::policy::tests::{LAYOUT, stablecoin};
use proptest::prelude::*;

const PATHS: [&str; 12] = [
    "context.claim.balance",
    "context.claim.agrees",
    "context.claim.hits",
    "context.step.payment.amount",
    "context.step.reserve.balance",
    "context.step.request",
    "context.step.nowhere.amount",
    "context.list.sanctions",
    "context.ledger",
    "context.step",
    "resource.amount",
    "resource.jurisdiction",
];
const STEPS: [&str; 6] = ["request", "payment", "reserve", "audit", "screen", "approve"];

fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(&PATHS[..]).prop_map(str::to_owned),
        (-3i64..900).prop_map(|number| number.to_string()),
        Just("true".to_owned()),
        Just("\"DE\"".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let pair =
            (inner.clone(), prop::sample::select(&["==", "<", "+", "&&", "||", "has"][..]), inner.clone());
        prop_oneof![
            pair.prop_map(|(left, operator, right)| match operator {
                "has" => format!("({left} has amount)"),
                _ => format!("({left} {operator} {right})"),
            }),
            inner.prop_map(|one| format!("!({one})")),
        ]
    })
}

fn scope() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("action".to_owned()),
        prop::sample::select(&STEPS[..]).prop_map(|step| format!("action == Action::\"{step}\"")),
        prop::sample::subsequence(&STEPS[..], 0..4).prop_map(|steps| {
            let steps: Vec<String> = steps.iter().map(|step| format!("Action::\"{step}\"")).collect();
            format!("action in [{}]", steps.join(", "))
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// The short way says *no faults* exactly when Cedar's own entry point has none to name.
    #[test]
    fn both_ways_of_typing_agree(guards in prop::collection::vec((scope(), condition()), 1..4)) {
        let permit = |(scope, condition): &(String, String)| {
            format!("permit (principal, {scope}, resource) when {{ {condition} }};\n")
        };
        let text: String = guards.iter().map(permit).collect();
        let (policy, source) = (stablecoin_layout(), Source { file: GUARDS_FILE, text: &text });
        if let Ok(checked) = check_each(&policy, source) {
            let long = faults(&policy, source, &checked);
            prop_assert_eq!(without_faults(&policy, &checked), long.is_empty(), "{}\n{:?}", text, long);
        }
    }
}

fn stablecoin_layout() -> crate::Layout {
    crate::Layout::from_file(LAYOUT.as_bytes()).unwrap()
}

#[test]
fn the_shipped_guards_are_typed_the_short_way() {
    let source = Source { file: GUARDS_FILE, text: crate::policy::tests::GUARDS };
    let layout = stablecoin().layout().clone();
    assert!(without_faults(&layout, &check_each(&layout, source).unwrap()));
}
