use super::*;

const GOOD: &str = r#"
issuer = "https://id.bank.example/realms/staff"
client = "lockstep"
party = "529900000000000019CC"
claim = "groups"
roles = { viewer = ["desk", "heads"], approver = ["heads"] }
"#;

fn settings(text: &str) -> Result<PeopleSettings> {
    let party = Lei::with_check_digits("529900000000000019")?;
    let config: PeopleConfig = toml::from_str(&text.replace("529900000000000019CC", &party.to_string()))?;
    config.settings()
}

#[test]
fn values_of_the_claim_give_roles() {
    let found = settings(GOOD).unwrap();
    assert_eq!(found.scopes, ["openid"]);
    assert_eq!(found.roles["desk"], BTreeSet::from([PersonRole::Viewer]));
    assert_eq!(found.roles["heads"], BTreeSet::from([PersonRole::Viewer, PersonRole::Approver]));
    assert_eq!(found.roles.len(), 2);
}

#[test]
fn what_would_let_in_others_than_meant_is_refused() {
    for (from, to) in [
        ("https://id", "http://id"),
        ("https://id.bank.example/realms/staff", "id.bank.example"),
        ("realms/staff", "realms?staff"),
        ("client = \"lockstep\"", "client = \"\""),
        ("claim = \"groups\"", "claim = \"\""),
        ("claim = \"groups\"", "claim = \"groups\"\nscopes = [\"email\"]"),
        ("claim = \"groups\"", "claim = \"groups\"\nalgorithms = [\"HS256\"]"),
        ("{ viewer = [\"desk\", \"heads\"], approver = [\"heads\"] }", "{}"),
        ("\"desk\", ", "\"desk\", \"\", "),
        ("approver", "auditor"),
    ] {
        assert!(GOOD.contains(from));
        assert!(settings(&GOOD.replace(from, to)).is_err(), "{to}");
    }
}
