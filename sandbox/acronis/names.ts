/** Names to make people up from. */
export const FIRST_NAMES: readonly string[] =
  'Alba Anton Aria Bela Boris Cara Cleo Dario Dina Edda Emil Enzo Fanny Felix Flora Gita Gregor Hana Hugo Ida Igor Ilse Ivo Jana Joris Juno Kai Kira Lars Leda Levi Lia Luca Maja Malik Mara Mika Mona Nadia Nils Nora Olaf Olga Oona Otto Paula Pia Quinn Rafa Rita Rosa Runa Selma Sven Tara Theo Timo Ulla Vera Viggo Wanda Xenia Yara Zeno'.split(
    ' ',
  );
export const LAST_NAMES: readonly string[] =
  'Abel Acker Ambrose Bach Barlow Becker Birch Blom Brandt Castell Corbin Dahl Drake Eberly Ekman Falk Ferris Fjord Garnet Grove Halden Harrow Holt Ivers Jarvis Juhl Keller Kestrel Koval Lark Linden Lund Marlow Meyer Moss Nagel North Oakes Osk Park Petrel Quill Rask Reed Rowan Sable Sander Stone Teller Thorn Tide Ulmer Vance Vogel Wade Weller Winter Yates York Zander'.split(
    ' ',
  );
