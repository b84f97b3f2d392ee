import add from '@fluentui/svg-icons/icons/add_20_regular.svg?raw';
import alert from '@fluentui/svg-icons/icons/alert_20_regular.svg?raw';
import arrowCounterclockwise from '@fluentui/svg-icons/icons/arrow_counterclockwise_20_regular.svg?raw';
import arrowDownload from '@fluentui/svg-icons/icons/arrow_download_20_regular.svg?raw';
import arrowSync from '@fluentui/svg-icons/icons/arrow_sync_20_regular.svg?raw';
import arrowUpload from '@fluentui/svg-icons/icons/arrow_upload_20_regular.svg?raw';
import box from '@fluentui/svg-icons/icons/box_20_regular.svg?raw';
import branch from '@fluentui/svg-icons/icons/branch_20_regular.svg?raw';
import chat from '@fluentui/svg-icons/icons/chat_20_regular.svg?raw';
import checkmark from '@fluentui/svg-icons/icons/checkmark_circle_20_filled.svg?raw';
import chevronDown from '@fluentui/svg-icons/icons/chevron_down_20_regular.svg?raw';
import chevronRight from '@fluentui/svg-icons/icons/chevron_right_20_regular.svg?raw';
import circle from '@fluentui/svg-icons/icons/circle_20_regular.svg?raw';
import clock from '@fluentui/svg-icons/icons/clock_20_regular.svg?raw';
import codeProject from '@fluentui/svg-icons/icons/code_20_regular.svg?raw';
import console from '@fluentui/svg-icons/icons/window_console_20_regular.svg?raw';
import copy from '@fluentui/svg-icons/icons/copy_20_regular.svg?raw';
import cursor from '@fluentui/svg-icons/icons/cursor_click_20_regular.svg?raw';
import deleteIcon from '@fluentui/svg-icons/icons/delete_20_regular.svg?raw';
import dismiss from '@fluentui/svg-icons/icons/dismiss_20_regular.svg?raw';
import document from '@fluentui/svg-icons/icons/document_text_20_regular.svg?raw';
import errorCircle from '@fluentui/svg-icons/icons/error_circle_20_filled.svg?raw';
import eye from '@fluentui/svg-icons/icons/eye_20_regular.svg?raw';
import eyeOff from '@fluentui/svg-icons/icons/eye_off_20_regular.svg?raw';
import filter from '@fluentui/svg-icons/icons/filter_20_regular.svg?raw';
import globe from '@fluentui/svg-icons/icons/globe_20_regular.svg?raw';
import grid from '@fluentui/svg-icons/icons/grid_20_regular.svg?raw';
import heart from '@fluentui/svg-icons/icons/heart_pulse_20_regular.svg?raw';
import histogram from '@fluentui/svg-icons/icons/data_histogram_20_regular.svg?raw';
import info from '@fluentui/svg-icons/icons/info_20_regular.svg?raw';
import key from '@fluentui/svg-icons/icons/key_20_regular.svg?raw';
import lineChart from '@fluentui/svg-icons/icons/data_line_20_regular.svg?raw';
import link from '@fluentui/svg-icons/icons/link_20_regular.svg?raw';
import location from '@fluentui/svg-icons/icons/location_20_regular.svg?raw';
import map from '@fluentui/svg-icons/icons/map_20_regular.svg?raw';
import more from '@fluentui/svg-icons/icons/more_horizontal_20_regular.svg?raw';
import navigation from '@fluentui/svg-icons/icons/navigation_20_regular.svg?raw';
import open from '@fluentui/svg-icons/icons/open_20_regular.svg?raw';
import options from '@fluentui/svg-icons/icons/options_20_regular.svg?raw';
import panelBottom from '@fluentui/svg-icons/icons/panel_bottom_20_regular.svg?raw';
import panelRight from '@fluentui/svg-icons/icons/panel_right_20_regular.svg?raw';
import pause from '@fluentui/svg-icons/icons/pause_20_regular.svg?raw';
import people from '@fluentui/svg-icons/icons/people_20_regular.svg?raw';
import play from '@fluentui/svg-icons/icons/play_20_regular.svg?raw';
import plug from '@fluentui/svg-icons/icons/plug_disconnected_20_regular.svg?raw';
import question from '@fluentui/svg-icons/icons/question_circle_20_regular.svg?raw';
import rectangle from '@fluentui/svg-icons/icons/select_object_20_regular.svg?raw';
import rocket from '@fluentui/svg-icons/icons/rocket_20_regular.svg?raw';
import scale from '@fluentui/svg-icons/icons/arrow_maximize_20_regular.svg?raw';
import scales from '@fluentui/svg-icons/icons/scales_20_regular.svg?raw';
import search from '@fluentui/svg-icons/icons/search_20_regular.svg?raw';
import send from '@fluentui/svg-icons/icons/send_20_regular.svg?raw';
import server from '@fluentui/svg-icons/icons/server_20_regular.svg?raw';
import settings from '@fluentui/svg-icons/icons/settings_20_regular.svg?raw';
import signOut from '@fluentui/svg-icons/icons/sign_out_20_regular.svg?raw';
import stop from '@fluentui/svg-icons/icons/stop_20_regular.svg?raw';
import subtract from '@fluentui/svg-icons/icons/subtract_20_regular.svg?raw';
import table from '@fluentui/svg-icons/icons/table_20_regular.svg?raw';
import timeline from '@fluentui/svg-icons/icons/timeline_20_regular.svg?raw';
import trending from '@fluentui/svg-icons/icons/data_trending_20_regular.svg?raw';
import warning from '@fluentui/svg-icons/icons/warning_20_filled.svg?raw';
import zoomIn from '@fluentui/svg-icons/icons/zoom_in_20_regular.svg?raw';
import zoomOut from '@fluentui/svg-icons/icons/zoom_out_20_regular.svg?raw';

/** The icons of this dashboard, by what they stand for. */
export const icons = {
  add, alert, arrowCounterclockwise, arrowDownload, arrowSync, arrowUpload, box, branch, chat, checkmark, chevronDown, chevronRight, circle, clock, codeProject,
  console, copy, cursor, delete: deleteIcon, dismiss, document, errorCircle, eye, eyeOff, filter, globe, grid, heart, histogram, info, key,
  lineChart, link, location, map, more, navigation, open, options, panelBottom, panelRight, pause, people, play, plug, question, rectangle, rocket,
  scale, scales, search, send, server, settings, signOut, stop, subtract, table, timeline, trending, warning, zoomIn, zoomOut,
};

export type IconName = keyof typeof icons;

// Names that app models use for commands and resources, in Fluent's own spelling.
const known: Record<string, IconName> = {
  play: 'play', stop: 'stop', arrowcounterclockwise: 'arrowCounterclockwise', arrowsync: 'arrowSync', codecsharprectangle: 'codeProject', code: 'codeProject',
  box: 'box', key: 'key', server: 'server', globe: 'globe', delete: 'delete', send: 'send', document: 'document', settings: 'settings', arrowscaling: 'scale',
  arrowmaximize: 'scale', arrowupload: 'arrowUpload', arrowreset: 'arrowCounterclockwise', link: 'link', add: 'add', arrowdownload: 'arrowDownload', rocket: 'rocket', apps: 'grid', heartpulse: 'heart',
};

export const iconOf = (fluentName: string | null | undefined, fallback: IconName): IconName => known[(fluentName ?? '').toLowerCase()] ?? fallback;
