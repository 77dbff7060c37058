// Opens the built page in headless Chromium and compares what it shows with the native library.
//
//     node check.js TOOLS PAGE EXPECTED PICTURES
//
// TOOLS is a folder with node_modules, PAGE what loss-web/build made, EXPECTED the native program, PICTURES where screenshots go.
import { after, before } from "node:test";

import { closeBrowser, openBrowser } from "./opened.js";
import "./module.js";
import "./page.js";

before(openBrowser);
after(closeBrowser);
