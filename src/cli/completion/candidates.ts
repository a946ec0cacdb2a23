/** Which words may come next, by commander's tree: commands, flags, and the values of those flags and arguments that have a list of them. */
import type { Argument, Command, Option } from 'commander';

/**
 * @param words what was typed after the program's name; the last one is being typed, and may be empty.
 * @returns a candidate a line, with a tab and its description where it has one. An empty list: a file may come.
 */
export function candidates(program: Command, words: readonly string[]): readonly string[] {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { command, given, awaited } = follow(program, before);
  const all = awaited === undefined ? wordsOf(command, given, typed) : valuesOf(awaited, '');
  return all.filter((each) => each.startsWith(typed));
}

interface Followed {
  readonly command: Command;
  /** Arguments of the command so far. */
  readonly given: number;
  /** The flag whose value comes next. */
  readonly awaited: Option | undefined;
}

function follow(program: Command, words: readonly string[]): Followed {
  let command = program;
  let given = 0;
  let awaited: Option | undefined;
  for (const word of words) {
    if (awaited !== undefined) {
      awaited = undefined;
    } else if (word.startsWith('-')) {
      const option = optionOf(command, word);
      awaited = option?.required === true && !word.includes('=') ? option : undefined;
    } else {
      const sub = command.commands.find((each) => each.name() === word);
      if (sub === undefined) given++;
      else command = sub;
    }
  }
  return { command, given, awaited };
}

function wordsOf(command: Command, given: number, typed: string): readonly string[] {
  if (typed.startsWith('--') && typed.includes('=')) {
    const flag = typed.slice(0, typed.indexOf('='));
    const option = optionOf(command, flag);
    return option === undefined ? [] : valuesOf(option, `${flag}=`);
  }
  if (typed.startsWith('-')) return flagsOf(command);
  const shown = command.createHelp().visibleCommands(command);
  const subcommands = shown.map((each) => described(each.name(), each.description()));
  return [...subcommands, ...valuesOf(command.registeredArguments[given], '')];
}

const flagsOf = (command: Command): readonly string[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, short, description }) => described(long ?? short ?? '', description));

const optionOf = (command: Command, word: string): Option | undefined => {
  const [flag] = word.split('=');
  return command.options.find(({ long, short }) => long === flag || short === flag);
};

const valuesOf = (of: Option | Argument | undefined, prefix: string): readonly string[] =>
  (of?.argChoices ?? []).map((choice) => prefix + choice);

const described = (word: string, description: string): string =>
  description === '' ? word : `${word}\t${description.replaceAll(/\s+/g, ' ')}`;
