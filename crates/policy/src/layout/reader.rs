//! From the raw tables of `policy.toml` to typed values.

use super::raw::{
    Ordered, RawDomain, RawHold, RawLayout, RawOutcome, RawParam, RawReading, RawRole, RawStep,
};
use super::typing::Reader;
use super::{FORMAT, GUARDS, ReadLayout};
use crate::audience::{Audience, Grant, Granted};
use crate::claim::{ClaimKind, cut};
use crate::finding::Finding;
use crate::model::{
    AbiType, Arg, Call, ClaimDecl, ClaimRef, Domain, Expiry, Fresh, Hold, Layout, List, ListKind, Outcome,
    Param, Reading, ReadingKind, Role, SingleUse, Step, Target,
};
use lockstep_types::Name;

impl Reader<'_> {
    pub(crate) fn layout(mut self, raw: RawLayout) -> Result<ReadLayout, Vec<Finding>> {
        self.versions(&raw);
        let layout = self.parts(raw);
        self.findings.sort();
        match layout {
            Some(layout) if self.findings.is_empty() => Ok(ReadLayout { layout, places: self.places }),
            _ => Err(self.findings),
        }
    }

    /// Unknown versions are told apart from faults: a verifier cannot tell, rather than refuse.
    fn versions(&mut self, raw: &RawLayout) {
        if raw.format != FORMAT {
            let text = format!("`{}` is not a known format: expected `{FORMAT}`", cut(&raw.format, 40));
            self.fault("/format", "unknown-format", text);
        }
        if raw.guards != GUARDS {
            let text =
                format!("`{}` is not a known version of guards: expected `{GUARDS}`", cut(&raw.guards, 40));
            self.fault("/guards", "unknown-guards", text);
        }
    }

    fn parts(&mut self, raw: RawLayout) -> Option<Layout> {
        let name = self.parse("/name", "name", &raw.name);
        let title = self.title("/title", raw.title);
        let programme = self.parse("/programme", "name", &raw.programme);
        let opened_by = self.parse("/opened_by", "name", &raw.opened_by);
        let lasts_ms = self.duration("/lasts", &raw.lasts);
        let params = self.table("/param", raw.param, Self::param);
        let lists = self.table("/list", raw.list, Self::list);
        let domains: Vec<Domain> = self.table("/domain", raw.domain, Self::domain);
        let roles = self.table("/role", raw.role, Self::role);
        let steps = self.table("/step", raw.step, Self::step);
        let all: Vec<Name> = domains.iter().map(|domain| domain.name.clone()).collect();
        let readings =
            self.table("/reading", raw.reading, |reader, path, item| reader.reading(path, item, &all));
        let holds = self.table("/hold", raw.hold, Self::hold);
        let outcomes = self.table("/outcome", raw.outcome, Self::outcome);
        let audiences = self.audiences(raw.audience);
        Some(Layout {
            name: name?,
            title: title?,
            programme: programme?,
            opened_by: opened_by?,
            lasts_ms: lasts_ms?,
            params,
            lists,
            domains,
            roles,
            steps,
            readings,
            holds,
            outcomes,
            audiences,
        })
    }

    fn table<T, U>(
        &mut self,
        path: &str,
        raw: Ordered<T>,
        mut item: impl FnMut(&mut Self, (&str, Name), T) -> Option<U>,
    ) -> Vec<U> {
        let mut items = Vec::new();
        for (key, value) in raw.0 {
            let path = format!("{path}/{key}");
            let name = self.parse(&path, "name", &key);
            items.extend(name.and_then(|name| item(self, (&path, name), value)));
        }
        items
    }

    fn param(&mut self, (path, name): (&str, Name), raw: RawParam) -> Option<Param> {
        let kind = self.param_kind(path, &raw)?;
        let domain = match raw.domain.as_deref() {
            Some(domain) => Some(self.parse(&format!("{path}/domain"), "name", domain)?),
            None => None,
        };
        if (kind == ClaimKind::Account) != domain.is_some() {
            self.fault(path, "param-domain", "an account states its `domain`, other parameters do not");
            return None;
        }
        let min = self.bound(&format!("{path}/min"), kind, raw.min.as_deref());
        let max = self.bound(&format!("{path}/max"), kind, raw.max.as_deref());
        let (min, max) = (min?, max?);
        if matches!(kind, ClaimKind::Money(_)) && (min.is_none_or(|min| min < 0) || max.is_none()) {
            self.fault(path, "param-bounds", "money states its `min`, which is not negative, and its `max`");
            return None;
        }
        if min.zip(max).is_some_and(|(min, max)| min > max) {
            self.fault(path, "param-bounds", "`min` lies above `max`");
            return None;
        }
        Some(Param { name, kind, domain, min, max })
    }

    fn param_kind(&mut self, path: &str, raw: &RawParam) -> Option<ClaimKind> {
        let at = format!("{path}/type");
        match (raw.kind.as_str(), raw.currency.as_deref()) {
            ("money", Some(code)) => {
                self.parse(&format!("{path}/currency"), "type", code).map(ClaimKind::Money)
            }
            ("money", None) => {
                self.fault(path, "type", "money states its `currency`");
                None
            }
            (_, Some(_)) => {
                self.fault(&format!("{path}/currency"), "type", "only money states a `currency`");
                None
            }
            (kind, None) if kind.starts_with("money:") => {
                self.fault(&at, "type", "a parameter writes `type = \"money\", currency = \"…\"`");
                None
            }
            (kind, None) => self.parse(&at, "type", kind),
        }
    }

    /// The outer `None` is a fault, the inner one a bound that is not stated.
    fn bound(&mut self, path: &str, kind: ClaimKind, text: Option<&str>) -> Option<Option<i64>> {
        let Some(text) = text else { return Some(None) };
        if !matches!(kind, ClaimKind::Money(_) | ClaimKind::Int) {
            self.fault(path, "param-bounds", format!("a parameter of type `{kind}` has no bounds"));
            return None;
        }
        match kind.parse(text) {
            Ok(value) => Some(value.number()),
            Err(error) => {
                self.fault(path, "param-bounds", error.to_string());
                None
            }
        }
    }

    fn list(&mut self, (path, name): (&str, Name), raw: String) -> Option<List> {
        let kind = match raw.as_str() {
            "digest" => ListKind::Digest,
            "set" => ListKind::Set,
            _ => {
                let text = format!("`{}` is not a kind of list: expected `digest` or `set`", cut(&raw, 40));
                self.fault(path, "type", text);
                return None;
            }
        };
        Some(List { name, kind })
    }

    fn domain(&mut self, (path, name): (&str, Name), raw: RawDomain) -> Option<Domain> {
        let chain = self.parse(&format!("{path}/chain"), "chain", &raw.chain);
        let gate = self.parse(&format!("{path}/gate"), "address", &raw.gate);
        let token = self.parse(&format!("{path}/token"), "address", &raw.token);
        let escrow = raw.escrow.map(|text| self.parse(&format!("{path}/escrow"), "address", &text));
        let decimals = self.count(&format!("{path}/decimals"), raw.decimals, 0..=18);
        let decimals = u8::try_from(decimals?).ok();
        let escrow = settled(escrow)?;
        Some(Domain { name, chain: chain?, gate: gate?, token: token?, escrow, decimals: decimals? })
    }

    fn role(&mut self, (path, name): (&str, Name), raw: RawRole) -> Option<Role> {
        let credential = self.parse(&format!("{path}/credential"), "name", &raw.credential);
        let keys = self.count(&format!("{path}/keys"), raw.keys.unwrap_or(1), 1..=16);
        let distinct_from = self.names(&format!("{path}/distinct_from"), &raw.distinct_from);
        Some(Role { name, credential: credential?, keys: keys?, distinct_from })
    }

    fn step(&mut self, (path, name): (&str, Name), raw: RawStep) -> Option<Step> {
        let by = self.parse(&format!("{path}/by"), "name", &raw.by);
        let title = self.title(&format!("{path}/title"), raw.title);
        let after = self.names(&format!("{path}/after"), &raw.after);
        let within_ms = raw.within.map(|text| self.duration(&format!("{path}/within"), &text));
        let due_ms = raw.due.map(|text| self.duration(&format!("{path}/due"), &text));
        let evidence = self.names(&format!("{path}/evidence"), &raw.evidence);
        let single = self.names(&format!("{path}/single_use"), &raw.single_use);
        let use_as = match raw.use_as {
            Some(text) => self.parse(&format!("{path}/use_as"), "name", &text),
            None => Some(name.clone()),
        };
        let fresh = raw.fresh.map(|fresh| {
            let claim = self.parse(&format!("{path}/fresh/claim"), "name", &fresh.claim);
            let max_age_ms = self.duration(&format!("{path}/fresh/max_age"), &fresh.max_age);
            Some(Fresh { claim: claim?, max_age_ms: max_age_ms? })
        });
        let booked = raw.booked.map(|text| self.parse(&format!("{path}/booked"), "name", &text));
        let pays = raw.pays.map(|text| self.parse(&format!("{path}/pays"), "name", &text));
        let claims = self.table(&format!("{path}/claim"), raw.claim, |reader, (path, name), kind| {
            let kind = reader.parse(path, "type", &kind)?;
            Some(ClaimDecl { name, kind })
        });
        let single_use = match single.is_empty() {
            true => None,
            false => Some(SingleUse { claims: single, use_as: use_as? }),
        };
        Some(Step {
            name,
            by: by?,
            title: title?,
            after,
            within_ms: settled(within_ms)?,
            due_ms: settled(due_ms)?,
            commits: raw.commits,
            evidence,
            single_use,
            fresh: settled(fresh)?,
            booked: settled(booked)?,
            pays: settled(pays)?,
            claims,
        })
    }

    fn reading(&mut self, (path, name): (&str, Name), raw: RawReading, all: &[Name]) -> Option<Reading> {
        if raw.kind != "token-supply" {
            let text = format!("`{}` is not a kind of reading: expected `token-supply`", cut(&raw.kind, 40));
            self.fault(&format!("{path}/kind"), "type", text);
            return None;
        }
        let by = self.parse(&format!("{path}/by"), "name", &raw.by);
        let quorum = self.count(&format!("{path}/quorum"), raw.quorum, 1..=32);
        let max_age_ms = self.duration(&format!("{path}/max_age"), &raw.max_age);
        let domains = match raw.domains {
            Some(named) => self.names(&format!("{path}/domains"), &named),
            None => all.to_vec(),
        };
        let kind = ReadingKind::TokenSupply;
        Some(Reading { name, kind, by: by?, quorum: quorum?, max_age_ms: max_age_ms?, domains })
    }

    fn hold(&mut self, (path, name): (&str, Name), raw: RawHold) -> Option<Hold> {
        let at = self.parse(&format!("{path}/at"), "name", &raw.at);
        let amount = self.param_ref(&format!("{path}/amount"), &raw.amount);
        let domain = self.parse(&format!("{path}/domain"), "name", &raw.domain);
        let terms = formula(&raw.against);
        if terms.is_none() {
            let text = format!(
                "`{}` is not a headroom: expected `step.claim`, then any `+ step.claim`, then `- reading`",
                cut(&raw.against, 80)
            );
            self.fault(&format!("{path}/against"), "against", text);
        }
        let (reserve, credits, reading) = terms?;
        Some(Hold { name, at: at?, amount: amount?, domain: domain?, reserve, credits, reading })
    }

    fn outcome(&mut self, (path, name): (&str, Name), raw: RawOutcome) -> Option<Outcome> {
        let after = self.names(&format!("{path}/after"), &raw.after);
        let returns = raw.returns.map(|text| self.parse(&format!("{path}/returns"), "name", &text));
        let domain = self.parse(&format!("{path}/domain"), "name", &raw.domain);
        let target = self.target(&format!("{path}/to"), raw.to.as_deref());
        let line = self.parse(&format!("{path}/line"), "name", &raw.line);
        let types = self.call_types(&format!("{path}/call"), &raw.call);
        let args_path = format!("{path}/args");
        let args: Vec<Option<Arg>> =
            raw.args.iter().map(|arg| self.arg(&format!("{args_path}/{arg}"), arg)).collect();
        let expires = match raw.expires.as_str() {
            "never" => Some(Expiry::Never),
            text => self.duration(&format!("{path}/expires"), text).map(Expiry::AfterMs),
        };
        let args = args.into_iter().collect::<Option<Vec<Arg>>>();
        let call = Call { target: target?, signature: raw.call, types: types?, args: args? };
        let returns = settled(returns)?;
        Some(Outcome { name, after, returns, domain: domain?, line: line?, call, expires: expires? })
    }

    fn audiences(&mut self, raw: Ordered<Vec<String>>) -> Vec<Granted> {
        let mut audiences = Vec::new();
        for (key, texts) in raw.0 {
            let path = format!("/audience/{key}");
            let audience: Option<Audience> = self.parse(&path, "unknown-audience", &key);
            let grants =
                texts.iter().filter_map(|text| self.grant(&format!("{path}/{text}"), text)).collect();
            audiences.extend(audience.map(|audience| Granted { audience, grants }));
        }
        audiences
    }

    fn grant(&mut self, path: &str, text: &str) -> Option<Grant> {
        let grant = Grant::parse(text);
        if grant.is_none() {
            let text = format!(
                "`{}` names nothing that can be seen: expected `param.NAME`, `STEP.CLAIM`, `STEP.SLOT`, `STEP.*`, \
                 `param.*` or `*`",
                cut(text, 40)
            );
            self.fault(path, "name", text);
        }
        grant
    }

    fn target(&mut self, path: &str, text: Option<&str>) -> Option<Target> {
        match text {
            None | Some("token") => Some(Target::Token),
            Some("escrow") => Some(Target::Escrow),
            Some(found) => {
                let text =
                    format!("`{}` is not called by outcomes: expected `token` or `escrow`", cut(found, 40));
                self.fault(path, "call", text);
                None
            }
        }
    }

    /// `param.NAME`, `STEP.CLAIM`, `case` or `token`.
    fn arg(&mut self, path: &str, text: &str) -> Option<Arg> {
        let arg = match (text, text.strip_prefix("param.")) {
            ("case", _) => Some(Arg::Case),
            ("token", _) => Some(Arg::Token),
            (_, Some(name)) => name.parse().ok().map(Arg::Param),
            _ => claim_ref(text).map(Arg::Claim),
        };
        if arg.is_none() {
            let text = format!(
                "`{}` is no argument: expected `param.NAME`, `STEP.CLAIM`, `case` or `token`",
                cut(text, 40)
            );
            self.fault(path, "name", text);
        }
        arg
    }

    fn call_types(&mut self, path: &str, signature: &str) -> Option<Vec<AbiType>> {
        let types = abi_types(signature);
        if types.is_none() {
            let text = format!(
                "`{}` is not a call: expected the form `mint(address,uint256)` of `address`, `uint256`, `bytes32` \
                 and `bool`",
                cut(signature, 80)
            );
            self.fault(path, "call", text);
        }
        types
    }

    fn param_ref(&mut self, path: &str, text: &str) -> Option<Name> {
        let name = text.strip_prefix("param.").and_then(|name| name.parse().ok());
        if name.is_none() {
            self.fault(
                path,
                "name",
                format!("`{}` names no parameter: expected `param.NAME`", cut(text, 40)),
            );
        }
        name
    }
}

/// An optional entry that was read: `None` when it had a fault, `Some(None)` when the file does not state it.
fn settled<T>(entry: Option<Option<T>>) -> Option<Option<T>> {
    match entry {
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
        None => Some(None),
    }
}

/// `reserve.balance + payment.amount - supply` as its terms.
fn formula(text: &str) -> Option<(ClaimRef, Vec<ClaimRef>, Name)> {
    let (sum, reading) = text.split_once(" - ")?;
    let mut terms = sum.split(" + ").map(claim_ref);
    let reserve = terms.next()??;
    let credits = terms.collect::<Option<Vec<ClaimRef>>>()?;
    Some((reserve, credits, reading.parse().ok()?))
}

fn claim_ref(text: &str) -> Option<ClaimRef> {
    let (step, claim) = text.split_once('.')?;
    Some(ClaimRef { step: step.parse().ok()?, claim: claim.parse().ok()? })
}

/// The argument types of `name(type,type)`.
fn abi_types(signature: &str) -> Option<Vec<AbiType>> {
    let (name, rest) = signature.split_once('(')?;
    let inside = rest.strip_suffix(')')?;
    let starts = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if !starts || name.len() > 64 || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return None;
    }
    let types = inside.split(',').map(|text| match text {
        "address" => Some(AbiType::Address),
        "uint256" => Some(AbiType::Uint256),
        "bytes32" => Some(AbiType::Bytes32),
        "bool" => Some(AbiType::Bool),
        _ => None,
    });
    if inside.is_empty() { Some(Vec::new()) } else { types.collect() }
}
