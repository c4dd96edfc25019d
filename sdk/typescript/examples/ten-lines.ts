import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "@lockstep/verifier/client";
const { SERVER = "", LEDGER, TO = "" } = process.env; // LEDGER: not from the server
const key = JSON.parse(readFileSync("issuer.pub", "utf8")); // `lockstep key show` prints it
const secret = createPrivateKey(readFileSync("issuer.pem")); // or a KMS, an HSM, a wallet
const issuer = await connect(SERVER, { ledger: LEDGER, key, sign: ({ bytes }) => sign(null, bytes, secret) });
const params = { amount: "1000000.00", beneficiary: TO, jurisdiction: "NO" };
const { records } = await issuer.submit(await issuer.opening({ policy: "stablecoin.issue", params }));
console.log(await issuer.submit(await issuer.attestation({ case: records[0]!.leaf, step: "request" })));
