// A provider of people for tests: it takes whatever name is typed in, and says that a person called
// `alice.desk` is of the group `desk`. One line on stdout tells where it is; it ends with its stdin.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const native = {
    application_type: "native",
    grant_types: ["authorization_code"],
    redirect_uris: ["http://127.0.0.1/signed-in"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  const provider = new Provider(issuer, {
    claims: { groups: ["groups"], openid: ["sub"] },
    clients: [
      { client_id: "lockstep", ...native },
      { client_id: "payroll", ...native },
    ],
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, groups: id.split(".").slice(1) }),
    }),
    pkce: { required: () => true },
    scopes: ["openid", "groups"],
  });
  server.on("request", provider.callback());
  console.log(JSON.stringify({ issuer }));
});
process.stdin.on("end", () => process.exit(0)).resume();
