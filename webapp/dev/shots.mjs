// Takes pictures of the page, to look at: `node dev/shots.mjs OUT_DIR [NAME…]`. Needs a build and /usr/bin/chromium.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { seeded } from "./script.mjs";
import { serve, World } from "./server.mjs";

const [out = "/tmp/shots", ...only] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const world = new World();
world.pace = 0.05;
seeded(world);
const server = await serve(world, 0);
const base = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });

const SIZES = { phone: [390, 844], tablet: [820, 1180], desk: [1440, 900] };
const problems = [];

async function shoot(name, size, scheme, act, options = {}) {
  if (only.length > 0 && !only.includes(name)) return;
  const [width, height] = SIZES[size];
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, hasTouch: size === "phone", ...options });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(`${name}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`${name}: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith("data:")) problems.push(`${name}: asked for ${request.url()}`);
  });
  await page.goto(`${base}/`);
  await page.waitForSelector(".empty");
  await act(page);
  await page.waitForTimeout(400);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  if (overflow) problems.push(`${name} ${size}: wider than the screen`);
  await page.screenshot({ path: join(out, `${name}-${size}-${scheme}.png`) });
  await context.close();
}

const ask = (text, until) => async (page) => {
  await page.fill(".composer textarea", text);
  await page.press(".composer textarea", page.viewportSize().width < 500 ? "Control+Enter" : "Enter");
  if (page.viewportSize().width < 500) await page.click(".composer .round-button").catch(() => undefined);
  await page.waitForSelector(until);
};

for (const [size, scheme] of [["desk", "light"], ["desk", "dark"], ["phone", "light"], ["phone", "dark"], ["tablet", "light"]]) {
  await shoot("empty", size, scheme, async () => undefined);
  await shoot("answer", size, scheme, ask("What machine are you running on?", ".answer-foot"));
  await shoot("markdown", size, scheme, ask("Show me markdown with a table", ".answer-foot"));
  await shoot("approval", size, scheme, ask("Fetch the data from the network", ".approval"));
  await shoot("error", size, scheme, ask("Show an error", ".banner.error"));
  await shoot("running", size, scheme, async (page) => {
    world.pace = 0.3;
    await ask("A long and slow one", ".terminal")(page);
    await page.waitForTimeout(1500);
    world.pace = 0.05;
  });
  await shoot("hostile", size, scheme, ask("Something hostile", ".state-failed"));
  for (const section of ["connections", "actions", "status", "appearance"]) {
    await shoot(`settings-${section}`, size, scheme, async (page) => {
      world.dockerReady = section !== "status";
      await page.evaluate((name) => {
        history.pushState(null, "", `/settings/${name}`);
        dispatchEvent(new PopStateEvent("popstate"));
      }, section);
      await page.waitForSelector(".dialog.settings");
      if (section === "connections") await page.click(".section-head .button");
      world.dockerReady = true;
    });
  }
  await shoot("docker", size, scheme, async (page) => {
    world.dockerReady = false;
    await page.reload();
    await page.waitForSelector(".hint.warning");
    world.dockerReady = true;
  });
  if (size === "phone") {
    await shoot("drawer", size, scheme, (page) => page.click(".sidebar-open"));
  } else {
    await shoot("help", size, scheme, async (page) => {
      await page.locator("body").click({ position: { x: 5, y: 5 } });
      await page.keyboard.press("?");
      await page.waitForSelector(".keys");
    });
    await shoot("menu", size, scheme, (page) => page.click(".model-button"));
  }
}
await browser.close();
server.close();
server.closeAllConnections();
console.log(problems.length === 0 ? "No problems." : [...new Set(problems)].join("\n"));
process.exit(0);
