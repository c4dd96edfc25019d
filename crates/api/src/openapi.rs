//! This interface in OpenAPI 3.1: paths from one table, answers from the types themselves.

use crate::answer::{
    BatchAnswer, Case, CaseRow, CosignedAnswer, CredentialRow, DomainRow, Entered, GenesisRecord,
    HandoverRow, KeyRow, Ledger, LedgerRow, OutcomeRow, Page, PolicyRow, ProposalRow, Token, Trial,
    WaitingRow,
};
use crate::path::route;
use crate::people::{Challenge, PersonToken, ReadRow, SignIn};
use crate::problem::{PROBLEM_TYPE, Problem};
use lockstep_types::limits::INTEGER_MAX;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// Anybody.
    Anybody,
    /// Whoever signs the request with a registered key, or shows a token.
    Signer,
    /// Whoever signs the request; a token does not do.
    SignerOnly,
    /// Anybody; what is handed in carries signatures of its own.
    SignedWithin,
}

/// What is handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    Nothing,
    Request,
    Batch,
    Cosignature,
    Empty,
    SignIn,
}

/// What comes back.
type Answers = fn(&mut SchemaGenerator) -> (&'static str, Schema);

/// A question of the interface.
struct Operation {
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    asks: Asks,
    query: &'static [&'static str],
    body: Body,
    answers: Answers,
}

fn answers<T: JsonSchema>(generator: &mut SchemaGenerator) -> (&'static str, Schema) {
    ("application/json", generator.subschema_for::<T>())
}

fn bytes(_: &mut SchemaGenerator) -> (&'static str, Schema) {
    ("application/octet-stream", json_schema!({}))
}

fn events(_: &mut SchemaGenerator) -> (&'static str, Schema) {
    ("text/event-stream", json_schema!({ "type": "string" }))
}

fn text(_: &mut SchemaGenerator) -> (&'static str, Schema) {
    ("text/plain", json_schema!({ "type": "string" }))
}

const fn get(path: &'static str, (id, summary): (&'static str, &'static str), answers: Answers) -> Operation {
    Operation { path, id, summary, asks: Asks::Anybody, query: &[], body: Body::Nothing, answers }
}

const fn post(
    path: &'static str,
    (id, summary): (&'static str, &'static str),
    body: Body,
    answers: Answers,
) -> Operation {
    Operation { path, id, summary, asks: Asks::SignedWithin, query: &[], body, answers }
}

impl Operation {
    const fn asked_by(self, asks: Asks) -> Self {
        Self { asks, ..self }
    }

    const fn with_query(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }
}

/// Every question.
fn operations() -> Vec<Operation> {
    of_cases().into_iter().chain(of_parties()).chain(of_logs()).chain(of_people()).collect()
}

/// A ledger and its cases, and what is handed in.
fn of_cases() -> Vec<Operation> {
    use Asks::Signer;
    let pages: &[&str] = &["cursor", "limit"];
    vec![
        get(route::LEDGERS, ("ledgers", "The ledgers of this server"), answers::<Page<LedgerRow>>),
        get(route::LEDGER, ("ledger", "How a ledger stands"), answers::<Ledger>),
        get(route::GENESIS, ("genesis", "The first record"), answers::<GenesisRecord>),
        post(route::SUBMISSIONS, ("submit", "Hand one request in"), Body::Request, answers::<Entered>),
        post(route::BATCHES, ("submitAll", "Hand several in"), Body::Batch, answers::<BatchAnswer>),
        get(route::ATTESTATION, ("receipt", "What is on record of an attestation"), answers::<ReceiptObject>),
        get(
            route::CASES,
            ("cases", "Open cases of the asking party; with `all` closed ones too"),
            answers::<Page<CaseRow>>,
        )
        .asked_by(Signer)
        .with_query(&["all", "cursor", "limit"]),
        get(
            route::CREDENTIALS,
            ("credentials", "Credentials that the asking party holds or gave"),
            answers::<Page<CredentialRow>>,
        )
        .asked_by(Signer)
        .with_query(pages),
        get(route::CASE, ("case", "A case, as the asking party may see it"), answers::<Case>)
            .asked_by(Signer),
        get(
            route::PACK,
            ("casePack", "The evidence pack of a case, as the asking party may see it"),
            answers::<PackObject>,
        )
        .asked_by(Signer)
        .with_query(&["audience", "withhold", "evidence", "size", "root"]),
        get(
            route::OUTCOMES,
            ("outcomes", "What a case unlocks: the records, opened"),
            answers::<Page<OutcomeRow>>,
        )
        .asked_by(Signer),
        get(route::CASE_EVENTS, ("caseEvents", "Records of a case, `record`, as they are sealed"), events)
            .asked_by(Signer),
        get(
            route::CASES_EVENTS,
            (
                "casesEvents",
                "Records of all cases that the asking party may see, `record`, as they are sealed",
            ),
            events,
        )
        .asked_by(Signer),
    ]
}

/// What concerns whoever asks.
fn of_parties() -> Vec<Operation> {
    use Asks::{Signer, SignerOnly};
    let pages: &[&str] = &["cursor", "limit"];
    vec![
        get(route::EVENTS, ("events", "Seals, `head`, and certificates, `certificate`"), events),
        get(route::WAITING, ("waiting", "Steps that wait for the asking party"), answers::<Page<WaitingRow>>)
            .asked_by(Signer)
            .with_query(pages),
        get(
            route::WAITING_EVENTS,
            ("waitingEvents", "What waits: `all` at first, then `waits` and `gone`"),
            events,
        )
        .asked_by(Signer),
        get(
            route::PROPOSALS,
            ("proposals", "Changes that wait for others to agree"),
            answers::<Page<ProposalRow>>,
        )
        .asked_by(Signer),
        get(route::POLICIES, ("policies", "Policies in force"), answers::<Page<PolicyRow>>).asked_by(Signer),
        get(
            route::DOMAINS,
            ("domains", "Domains of programmes, and what is waited for there"),
            answers::<Page<DomainRow>>,
        )
        .asked_by(Signer),
        post(
            route::TRIALS,
            ("try", "What would become of a request: nothing is recorded"),
            Body::Request,
            answers::<Trial>,
        )
        .asked_by(SignerOnly),
        get(route::KEY, ("key", "Whose the asking party's key is"), answers::<KeyRow>).asked_by(Signer),
    ]
}

/// The log, its co-signers, and the process.
fn of_logs() -> Vec<Operation> {
    use Asks::{Signer, SignerOnly};
    vec![
        get(route::RECORDS, ("records", "Records with their commands, for co-signers"), bytes)
            .asked_by(Signer)
            .with_query(&["from"]),
        post(
            route::COSIGNATURES,
            ("cosign", "Hand a co-signer's signature in"),
            Body::Cosignature,
            answers::<CosignedAnswer>,
        ),
        get(route::SIGNED, ("signed", "Asked of a co-signer: what it has signed last"), answers::<Value>),
        get(
            route::HANDOVERS,
            ("handovers", "From one committee to the next, epoch by epoch"),
            answers::<Page<HandoverRow>>,
        ),
        get(route::CERTIFICATE, ("certificate", "The newest certificate"), answers::<CertificateObject>),
        get(
            route::CERTIFICATE_AT,
            ("certificateAt", "The certificate over a size"),
            answers::<CertificateObject>,
        ),
        post(route::TOKENS, ("token", "A token for the signing key"), Body::Empty, answers::<Token>)
            .asked_by(SignerOnly),
        get(route::CHECKPOINT, ("checkpoint", "The log's signed head (C2SP tlog-checkpoint)"), text),
        get(route::TILE, ("tile", "A tile of the log (C2SP tlog-tiles)"), bytes),
        get(route::OPENAPI, ("openapi", "This document"), answers::<Value>),
        get(route::HEALTHZ, ("healthz", "Is the process alive?"), text),
        get(route::READYZ, ("readyz", "Does it take work?"), text),
        get(route::METRICS, ("metrics", "Figures for Prometheus"), text),
    ]
}

/// Questions about people, and of those who administer.
fn of_people() -> [Operation; 4] {
    use Asks::Signer;
    [
        post(route::PEOPLE_CHALLENGES, ("beginSignIn", "Begin a sign-in"), Body::Empty, answers::<Challenge>),
        post(
            route::PEOPLE_TOKENS,
            ("endSignIn", "A token for a person, for an ID token"),
            Body::SignIn,
            answers::<PersonToken>,
        ),
        get(route::READS, ("reads", "Who read what, for administrators"), answers::<Page<ReadRow>>)
            .asked_by(Signer)
            .with_query(&["from", "limit"]),
        get(route::FIGURES, ("figures", "Figures of a ledger, for administrators"), text).asked_by(Signer),
    ]
}

/// The document.
#[must_use]
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.definitions_path = Cow::Borrowed("/components/schemas");
    });
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>();
    let mut paths = Map::new();
    for operation in operations() {
        let method = if operation.body == Body::Nothing { "get" } else { "post" };
        let path = operation.path.replace("{*tile}", "{tile}");
        paths.insert(path, json!({ method: described(&operation, &mut generator, &problem) }));
    }
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Lockstep",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A ledger of steps that several institutions take, certified by co-signers.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "signature": {
                    "type": "apiKey", "in": "header", "name": "Signature",
                    "description": "HTTP Message Signatures (RFC 9421) under a registered key, beside \
                                    `Signature-Input`",
                },
                "token": { "type": "http", "scheme": "bearer" },
            },
        },
    })
}

fn described(operation: &Operation, generator: &mut SchemaGenerator, problem: &Schema) -> Value {
    let (kind, schema) = (operation.answers)(generator);
    let security = match operation.asks {
        Asks::Anybody | Asks::SignedWithin => json!([]),
        Asks::Signer => json!([{ "signature": [] }, { "token": [] }]),
        Asks::SignerOnly => json!([{ "signature": [] }]),
    };
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "security": security,
        "parameters": parameters(operation, generator),
        "responses": {
            "200": { "description": "The answer", "content": { kind: { "schema": schema } } },
            "default": {
                "description": "A problem (RFC 9457)",
                "content": { PROBLEM_TYPE: { "schema": problem } },
            },
        },
    });
    if let (Some(content), Some(described)) = (content(operation.body, generator), described.as_object_mut())
    {
        described.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
    }
    described
}

fn content(body: Body, generator: &mut SchemaGenerator) -> Option<Value> {
    let json = |schema: Value| json!({ "application/json": { "schema": schema } });
    let request = json!({
        "description": "A request in canonical JSON (specs/attestation.md)", "type": "object",
    });
    match body {
        Body::Nothing => None,
        Body::Request => {
            let binary = json!({ "contentMediaType": "application/octet-stream" });
            let form = json!({
                "type": "object",
                "required": ["request"],
                "properties": { "request": request, "document": { "type": "array", "items": binary } },
            });
            let mut content = json(request);
            if let Some(content) = content.as_object_mut() {
                content.insert("multipart/form-data".to_owned(), json!({ "schema": form }));
            }
            Some(content)
        }
        Body::Batch => Some(json(json!({
            "type": "array", "items": request, "minItems": 1, "maxItems": crate::limits::BATCH_REQUESTS_MAX,
        }))),
        Body::Cosignature => Some(json(json!({ "type": "object" }))),
        Body::Empty => Some(json(json!({ "type": "object", "maxProperties": 0 }))),
        Body::SignIn => Some(json(json!(generator.subschema_for::<SignIn>()))),
    }
}

fn parameters(operation: &Operation, generator: &mut SchemaGenerator) -> Vec<Value> {
    let mut parameter = |name: &str, place: &str| {
        let schema = match name {
            // Closed cases are listed by the number of a record, open ones by their ids.
            "cursor" if operation.query.contains(&"all") => {
                json_schema!({ "type": "string", "pattern": "^([0-9]{1,16}|[0-9a-f]{64})$" })
            }
            "ledger" | "case" | "attestation" | "key" | "root" | "cursor" => {
                generator.subschema_for::<Hash>()
            }
            "audience" => json_schema!({ "enum": ["public", "counterparty", "auditor", "supervisor"] }),
            "all" | "evidence" => json_schema!({ "type": "boolean" }),
            "size" | "from" | "limit" => {
                json_schema!({ "type": "integer", "minimum": 0, "maximum": INTEGER_MAX })
            }
            _ => json_schema!({ "type": "string" }),
        };
        json!({ "name": name, "in": place, "required": place == "path", "schema": schema })
    };
    let named = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut all: Vec<Value> = named.map(|name| parameter(name.trim_start_matches('*'), "path")).collect();
    all.extend(operation.query.iter().map(|name| parameter(name, "query")));
    all
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $title:literal, $schema:tt;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed($title)
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

texts! {
    /// 32 bytes.
    Hash, "Hash", { "type": "string", "pattern": "^[0-9a-f]{64}$", "description": "32 bytes" };
    /// An LEI.
    LeiText, "Lei", {
        "type": "string", "pattern": "^[0-9A-Z]{18}[0-9]{2}$", "description": "An LEI (ISO 17442)"
    };
    /// A time.
    TimeMs, "Time", {
        "type": "integer", "minimum": 0, "description": "Milliseconds since 1970, in UTC"
    };
    /// A name.
    NameText, "Name", { "type": "string", "description": "A name (specs/policy.md)" };
    /// An address.
    AddressText, "Address", {
        "type": "string", "pattern": "^0x[0-9a-fA-F]{40}$", "description": "20 bytes of an EVM domain"
    };
    /// A chain.
    ChainText, "Chain", { "type": "string", "description": "A chain (CAIP-2)" };
    /// A committee.
    CommitteeObject, "Committee", { "type": "object", "description": "Who co-signs, and how many must" };
    /// A record.
    RecordObject, "Record", { "type": "object", "description": "A record (specs/ledger.md)" };
    /// A receipt.
    ReceiptObject, "Receipt", { "type": "object", "description": "A receipt, signed (specs/receipt.md)" };
    /// A pack.
    PackObject, "Pack", { "type": "object", "description": "An evidence pack (specs/pack.md)" };
    /// A certificate.
    CertificateObject, "Certificate", {
        "type": "object", "description": "A quorum certificate (specs/certificate.md)"
    };
    /// A handover.
    HandoverObject, "Handover", {
        "type": "object",
        "description": "Certificates of two committees over one size (specs/certificate.md §5)"
    };
}

#[cfg(test)]
mod tests;
