// What a wallet does, with viem: `node viem.mjs URL ARTIFACT KEY` deploys a token, mints, reads, waits, looks for
// logs, and is refused what it may not do. Prints one JSON object; a promise that is not kept ends it with an error.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  BaseError,
  ContractFunctionRevertedError,
  MethodNotFoundRpcError,
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  keccak256,
  parseEther,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";

const [url, artifact, key] = process.argv.slice(2);
const { abi, bytecode } = JSON.parse(readFileSync(artifact, "utf8"));
const account = privateKeyToAccount(key);
const other = "0x2222222222222222222222222222222222222222";
const chain = defineChain({
  id: 31337,
  name: "lockstep chain dev",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [url] } },
});
const transport = http(url, { retryCount: 0 });
const reader = createPublicClient({ chain, transport, pollingInterval: 20 });
const wallet = createWalletClient({ account, chain, transport });

assert.equal(await reader.getChainId(), 31337);
assert.equal(await reader.getBalance({ address: account.address }), parseEther("10000"));

// Deploys with the arguments of the constructor.
const deployed = await wallet.deployContract({ abi, bytecode, args: ["Acme dollar", "ACME", 6, account.address] });
const created = await reader.waitForTransactionReceipt({ hash: deployed });
assert.equal(created.status, "success");
const address = created.contractAddress;
assert.equal(await reader.readContract({ abi, address, functionName: "symbol" }), "ACME");

// Writes, signed here, and waits for the receipt.
const { request } = await reader.simulateContract({ account, abi, address, functionName: "mint", args: [other, 7n] });
const minted = await wallet.writeContract(request);
const receipt = await reader.waitForTransactionReceipt({ hash: minted });
assert.equal(receipt.status, "success");
assert.equal(receipt.logs.length, 1);
assert.equal(await reader.readContract({ abi, address, functionName: "balanceOf", args: [other] }), 7n);

// The hash is that of the bytes which were signed.
const plain = await wallet.prepareTransactionRequest({ to: other, value: 5n });
const signed = await wallet.signTransaction(plain);
const sent = await wallet.sendRawTransaction({ serializedTransaction: signed });
assert.equal(sent, keccak256(signed));
const found = await reader.getTransaction({ hash: sent });
const block = await reader.getBlock({ blockHash: found.blockHash, includeTransactions: true });
assert.deepEqual(block.transactions.map(({ hash }) => hash), [sent]);
assert.equal(await reader.getBalance({ address: other }), 5n);

// Logs, decoded.
const logs = await reader.getContractEvents({ abi, address, eventName: "Transfer", fromBlock: 0n, args: { to: other } });
assert.deepEqual(logs.map(({ args, transactionHash }) => [args.value, transactionHash]), [[7n, minted]]);

// A wallet that offers a price is not turned away, and pays nothing.
const before = await reader.getBalance({ address: account.address });
const legacy = await wallet.sendTransaction({ to: other, value: 0n, type: "legacy", gasPrice: 20_000_000_000n });
assert.equal((await reader.waitForTransactionReceipt({ hash: legacy })).effectiveGasPrice, 0n);
assert.equal(await reader.getBalance({ address: account.address }), before);

// What a contract refuses comes with its reason, and a method that is not there with its code.
const refused = await reader
  .simulateContract({ account: other, abi, address, functionName: "mint", args: [other, 7n] })
  .catch((error) => error);
assert(refused instanceof BaseError, String(refused));
const reverted = refused.walk((error) => error instanceof ContractFunctionRevertedError);
assert.equal(reverted.data.errorName, "AccessControlUnauthorizedAccount");
const missing = await reader.request({ method: "eth_accounts" }).catch((error) => error);
assert(missing instanceof BaseError && missing.walk((error) => error instanceof MethodNotFoundRpcError), String(missing));

const number = await reader.getBlockNumber({ cacheTime: 0 });
console.log(JSON.stringify({ token: address, minted, blocks: Number(number) }));
