/** Release notes: the section of CHANGELOG.md that bears the version. */

/** @throws Error that says what to write where there is no such section, or nothing in it. */
export function releaseNotes(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((each) => /^\[?([^\]\s,]+)/.exec(each)?.[1] === version);
  const notes = section?.slice(section.indexOf('\n') + 1).trim();
  if (notes === undefined || notes === '')
    throw new Error(
      `CHANGELOG.md says nothing under "## ${version}": move what is under "## [Unreleased]" there, with the date.`,
    );
  return `${notes}\n`;
}
