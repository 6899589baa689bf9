// From what the two platforms say to what the panes draw: one small shape each, so that drawing code knows nothing of wire formats.

const byName = (a, b) => a.name.localeCompare(b.name);

/** Slack's `state_for`: see bot/sandbox/slack_world.py. */
export function slackModel(state) {
  const home = state.team?.id;
  const people = Object.values(state.people || {}).filter((p) => !p.deleted).map((p) => ({
    id: p.id, name: p.real_name || p.name, handle: p.name, title: p.profile?.title || "", email: p.profile?.email || "", tz: p.tz,
    bot: Boolean(p.is_bot) || p.id === "USLACKBOT", system: p.id === "USLACKBOT",
    guest: Boolean(p.is_restricted || p.is_ultra_restricted), foreign: Boolean(home && p.team_id !== home),
  }));
  const bot = people.find((p) => p.bot && !p.system) || { id: "", name: "Amends", handle: "amends", bot: true };
  const kindOf = (c) => (c.is_im ? "im" : c.is_mpim ? "mpim" : c.is_ext_shared ? "shared" : c.is_private ? "private" : "channel");
  const channels = (state.channels || []).map((c) => ({
    id: c.id, name: c.title || c.name || "", kind: kindOf(c), topic: c.topic?.value || "", purpose: c.purpose?.value || "", archived: Boolean(c.is_archived), member: c.is_member !== false,
    room: Boolean(c.creator && c.creator === bot.id), members: c.members || [], with: c.user || "", messages: c.messages || [], pins: c.pins || [], bookmarks: c.bookmarks || [], general: Boolean(c.is_general),
  }));
  return { me: people.find((p) => p.id === state.me?.id) || people[0], people, bot, channels, workspace: state.team?.name || "Sandbox", views: state.views || (state.view ? [state.view] : []), home: state.home || null };
}

/** The people somebody may act as. */
export const actors = (model) => model.people.filter((p) => !p.bot).sort((a, b) => Number(a.foreign) - Number(b.foreign) || Number(a.guest) - Number(b.guest) || 0 * byName(a, b));

const base = (id) => String(id).split(";")[0];
const textOf = (message) => {
  const find = (list) => { for (const el of list || []) { if (el.type === "TextBlock" && el.text) return el.text; const inner = find(el.items || el.columns || []); if (inner) return inner; } return ""; };
  const raw = find(message.card?.body) || message.text || message.summary || "";
  return raw.replace(/<\/?at[^>]*>/g, "").replace(/&nbsp;/g, " ").replace(/\*\*/g, "").replace(/\\([^\w\s])/g, "$1").trim();
};

/** Teams' `state_for`: see bot/sandbox/teams.py. `everyone` are all people of that Teams. */
export function teamsModel(state, everyone) {
  const bot = { id: state.bot?.id || "", name: state.bot?.name || "Amends", bot: true };
  const people = [...everyone.map((p) => ({ ...p, handle: p.key })), bot];
  const me = people.find((p) => p.id === state.user?.id) || { id: state.user?.id, name: state.user?.name || "?" };
  const conversations = [];
  const add = (c) => { conversations.push(c); return c; };
  const personal = state.personal && add({ id: state.personal.id, name: state.personal.name || bot.name, kind: "personal", bot: state.personal.bot !== false, messages: state.personal.messages || [] });
  const chats = (state.groupChats || []).map((c) => add({ id: c.id, name: c.name, kind: "group", bot: c.bot !== false, members: c.members || [], messages: c.messages || [] }));
  const teams = (state.teams || []).map((team) => ({
    id: team.id, name: team.name,
    channels: (team.channels || []).map((c) => {
      const threads = (c.threads || []).map((t) => add({ id: t.id, name: textOf(t.root) || "Thread", kind: "thread", channel: c.id, channelName: c.name, teamName: team.name, bot: c.bot !== false, root: t.root, messages: [t.root, ...(t.replies || [])], byBot: Boolean(t.root?.from?.bot) }));
      return add({ id: c.id, name: c.name, kind: "channel", type: c.type, teamName: team.name, bot: c.bot !== false, threads, messages: threads.flatMap((t) => t.messages) });
    }),
  }));
  return { me, bot, people, personal, chats, teams, conversations, dialog: state.dialog || null, toast: state.toast || null };
}
export { base as baseConversation, textOf as cardTitle };
