use super::*;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn view(grants: &[&str]) -> View {
    let grants: Vec<Grant> = grants.iter().map(|text| Grant::parse(text).unwrap()).collect();
    View::of(&grants)
}

#[test]
fn what_is_not_named_is_not_shown() {
    for (grants, shown) in [
        (&[][..], ""),
        (&["param.amount"], "param.amount"),
        (&["param.*"], "param.amount param.holder"),
        (&["pay.iban"], "pay.iban"),
        (&["pay.*"], "pay.iban pay.statement pay-reason"),
        (&["*"], "param.amount param.holder pay.iban pay.statement screen.hits pay-reason screen-reason"),
        (&["screen.hits", "param.holder"], "param.holder screen.hits"),
    ] {
        let view = view(grants);
        let mut found = Vec::new();
        for param in ["amount", "holder"] {
            found.extend(view.shows_param(param).then(|| format!("param.{param}")));
        }
        for (step, part) in [("pay", "iban"), ("pay", "statement"), ("screen", "hits")] {
            found.extend(view.shows_part(&name(step), part).then(|| format!("{step}.{part}")));
        }
        for step in ["pay", "screen"] {
            found.extend(view.shows_step(&name(step)).then(|| format!("{step}-reason")));
        }
        assert_eq!(found.join(" "), shown, "{grants:?}");
    }
}

#[test]
fn names_that_no_policy_can_declare_are_shown_only_with_all_of_the_step() {
    assert!(!view(&["pay.iban"]).shows_part(&name("pay"), "No Name"));
    assert!(!view(&["param.amount"]).shows_param("No Name"));
    assert!(view(&["pay.*"]).shows_part(&name("pay"), "No Name"));
    assert!(view(&["param.*"]).shows_param("No Name"));
}

#[test]
fn an_entry_has_one_text() {
    for text in ["*", "param.*", "param.amount", "pay.*", "pay.iban", "pay.bank-statement", "pay.a.b"] {
        assert_eq!(Grant::parse(text).unwrap().text(), text);
    }
    for text in
        ["", "pay", "pay.", ".iban", "*.*", "*.iban", "pay.**", "Pay.iban", "param", "param.", "pay.I"]
    {
        assert_eq!(Grant::parse(text), None, "{text}");
    }
    for audience in Audience::ALL {
        assert_eq!(audience.to_string().parse(), Ok(audience));
    }
    assert!("auditors".parse::<Audience>().unwrap_err().to_string().contains("expected `public`"));
}
