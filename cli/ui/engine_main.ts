/** Entry of the worker. */

import { type EngineHost, type EnginePort, serveEngine } from "./engine.ts";

serveEngine(globalThis as unknown as EnginePort, globalThis as unknown as EngineHost);
