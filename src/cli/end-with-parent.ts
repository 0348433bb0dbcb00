/**
 * A thread that ends its process when whoever started that has gone, however that went: standard input, a pipe nobody
 * writes to, closes then. A thread of its own, for the main one may run somebody's program that never comes back.
 */
import { Socket } from "node:net";

new Socket({ fd: 0 }).on("close", () => process.kill(process.pid, "SIGKILL")).resume();
