/** Elements of a page, made in one call. */

type Child = Node | string;

/** Make an element; what is no property of it, such as aria-live, is set as an attribute. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  given: Readonly<Record<string, unknown>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name in element) Object.assign(element, { [name]: value });
    else element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** Make a part of the page under a heading, and put it at the end. */
export function card(title: string, ...children: readonly Child[]): HTMLElement {
  const heading = make('h2', {}, title);
  const section = make('section', { className: 'card' }, heading, ...children);
  document.querySelector('main')?.append(section);
  return section;
}
