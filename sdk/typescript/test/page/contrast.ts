import type { Page } from "playwright-core";

/** Contrast of the texts on a page with what is behind them, by WCAG 2. Not a test by itself. */

export interface Contrast {
  readonly text: string;
  readonly ratio: number;
}

/** Every text that is seen, at most 40 letters of it, with its contrast. */
export function contrasts(page: Page): Promise<readonly Contrast[]> {
  return page.evaluate(() => {
    type Colour = readonly [red: number, green: number, blue: number, alpha: number];

    function colourOf(text: string): Colour {
      const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
      return text === "none" || text === "transparent" ? [0, 0, 0, 0] : [red, green, blue, alpha];
    }

    function over([red, green, blue, alpha]: Colour, below: Colour): Colour {
      const mix = (top: number, under: number) => top * alpha + under * (1 - alpha);
      return [mix(red, below[0]), mix(green, below[1]), mix(blue, below[2]), 1];
    }

    function brightness([red, green, blue]: Colour): number {
      const linear = (channel: number) => {
        const of = channel / 255;
        return of <= 0.04045 ? of / 12.92 : ((of + 0.055) / 1.055) ** 2.4;
      };
      return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    }

    function behind(element: Element | null): Colour {
      if (element === null) return [255, 255, 255, 1];
      const own = colourOf(getComputedStyle(element).backgroundColor);
      const box = element.matches("svg g.box") ? element.querySelector("rect") : null;
      const colour = box === null ? own : colourOf(getComputedStyle(box).fill);
      return colour[3] === 1 ? colour : over(colour, behind(element.parentElement));
    }

    const found: { text: string; ratio: number }[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent?.trim() ?? "";
      if (element === null || text === "" || !element.checkVisibility() || element.matches("svg title"))
        continue;
      const style = getComputedStyle(element);
      const below = behind(element);
      const colour = over(colourOf(element.namespaceURI?.endsWith("svg") ? style.fill : style.color), below);
      const [light = 0, dark = 0] = [brightness(colour), brightness(below)].sort((a, b) => b - a);
      found.push({
        text: text.slice(0, 40),
        ratio: Math.round(((light + 0.05) / (dark + 0.05)) * 100) / 100,
      });
    }
    return found;
  });
}
