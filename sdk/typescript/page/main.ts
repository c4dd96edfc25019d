import { answer, type Asked } from "./answer.js";
import { startPage } from "./page.js";

/**
 * The one script of the page. It runs twice: in the page, and in a worker made of its own text, so that the
 * page answers while a large pack is being verified.
 */
if (typeof document === "undefined") {
  addEventListener("message", ({ data }: MessageEvent<Asked>) => postMessage(answer(data)));
} else {
  startPage(document.currentScript?.textContent ?? "");
}
