/**
 * Child processes that never outlive the program that started them.
 */

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const windows = process.platform === 'win32';
const running = new Set<ChildProcess>();

/** Starts a program as the leader of its own process group, to be ended with {@link end}. */
export function start(command: string, args: string[], options: SpawnOptions): ChildProcess {
	endAllWithThisProcess();
	const child = spawn(command, args, { ...options, detached: !windows });
	running.add(child);
	const forget = () => running.delete(child);
	child.once('exit', forget);
	child.once('error', forget);
	return child;
}

/**
 * Ends a child and everything it started: politely first, by force after `graceMs` milliseconds.
 * Resolves when the child is gone; nothing happens when it already is.
 */
export async function end(
	child: ChildProcess,
	graceMs = 10_000,
	signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
	const exited = hasExited(child) ? Promise.resolve() : once(child, 'exit');
	signalGroup(child, signal);
	await Promise.race([exited, sleep(graceMs, undefined, { ref: false })]);
	// Also after a polite exit: a grandchild may have ignored the signal.
	signalGroup(child, 'SIGKILL');
	await exited;
}

/** Ends a child and everything it started at once, as a power cut would. Resolves when the child is gone. */
export async function kill(child: ChildProcess): Promise<void> {
	await end(child, 0, 'SIGKILL');
}

/** Stops a child and everything it started where they are, until {@link thaw}. Not on Windows. */
export function freeze(child: ChildProcess): void {
	signalGroup(child, 'SIGSTOP');
}

/** Lets a frozen child go on. Nothing happens to one that is not. */
export function thaw(child: ChildProcess): void {
	if (!windows && !hasExited(child)) signalGroup(child, 'SIGCONT');
}

/** Whether the process has ended, was killed, or never started. */
export function hasExited(child: ChildProcess): boolean {
	return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
	if (child.pid === undefined) return;
	if (windows) {
		if (!hasExited(child)) spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F']);
		return;
	}
	try {
		process.kill(-child.pid, signal);
	} catch {
		// The whole group is gone already.
	}
}

let watching = false;

/** A group of its own does not get the terminal's Ctrl-C, so it is passed on here. */
function endAllWithThisProcess(): void {
	if (watching) return;
	watching = true;
	process.on('exit', () => running.forEach((child) => signalGroup(child, 'SIGKILL')));
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.prependOnceListener(signal, () => {
			// A program with a handler of its own (the demo's Ctrl-C) ends its children politely.
			if (process.listenerCount(signal) > 0) return;
			running.forEach((child) => signalGroup(child, 'SIGKILL'));
			process.kill(process.pid, signal);
		});
	}
}
