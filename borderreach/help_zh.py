"""The command line's help in Chinese: each text of `options` with its translation, and when it's wanted."""

from __future__ import annotations

import argparse
import locale
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from .geo.messages import LANGUAGE_VARIABLE, LANGUAGES

#: Texts as `options` has them, and argparse's own.
ZH: Final[Mapping[str, str]] = {
    "positional arguments": "参数",
    "options": "选项",
    "commands": "命令",
    "show this help message and exit": "显示这份帮助",
    "show program's version number and exit": "显示版本号",
    "language of help and messages: en or zh (default: the locale's, or the environment\n"
    "variable BORDERREACH_LANGUAGE)":
        "帮助和提示所用的语言：en 或 zh（默认取系统语言，也可用环境变量\nBORDERREACH_LANGUAGE 指定）",
    "Accessibility of border regions: which counties lie on a border between provinces,\nhow far one gets in one or two "
    "hours, and what a planned line changes.\nEverything runs on data that comes with the package; only 'data fetch', and "
    "regions that are\nnamed as networks, ask a server.":
        "省际边界地区的可达性：哪些区县在省界上，一两个小时能到多远，规划的线路会改变什么。\n"
        "全部用随软件包提供的数据计算；只有 data fetch 和以地区名给出的路网才访问服务器。",
    "exit codes:\n  0    done\n  1    a run is done, and some of its outputs couldn't be written; standard error and manifest.json "
    "say\n       which and why, all others are there. Or a batch is done, and some of its origins couldn't be\n       used; errors.csv "
    "says which and why\n  2    a fault in the command or its input; one line on standard error says which\n  3    a batch stopped "
    "before its end (disk full, workers died); the same command goes on from there\n  130  interrupted with Ctrl-C; nothing is left "
    "half-written\n\nstart with:\n  borderreach studies\n  borderreach run yuqian --out results":
        "退出码：\n  0    完成\n  1    研究已算完，但有的结果没能写出：标准错误和 manifest.json 说明是哪些、为什么，其余都在；\n"
        "       或批量计算已完成，但有的起点不能用，见 errors.csv\n  2    命令或输入有误，标准错误中有一行说明\n"
        "  3    批量计算中途停止（磁盘已满、进程中止），重复同一命令即从停处继续\n  130  被 Ctrl-C 中断，没有写到一半的文件\n\n"
        "从这里开始：\n  borderreach studies\n  borderreach run yuqian --out results",
    "list the studies": "列出研究",
    "run a study and write its results": "运行一项研究，写出结果",
    "write a study file of one's own": "写一份自己的研究文件",
    "say what is wrong with a study, corridor or job file": "检查研究、廊道或批量任务文件有什么错误",
    "print the land borders between provinces": "列出各省之间的陆地省界",
    "compute how far one gets from places": "计算从若干地点能到多远",
    "check a study's claims and how exactly its isochrones are drawn": "检验研究文本中的论断，以及等时圈画得有多准",
    "run a job over many origins, or go on with one": "对许多起点批量计算，或继续上次的计算",
    "build a road network of one's own, or describe one": "建立自己的路网，或说明一个路网",
    "list datasets, or download OpenStreetMap extracts": "列出数据，或下载 OpenStreetMap 分区数据",
    "List the studies that come with the package.": "列出随软件包提供的研究。",
    "Run a study and write its results into a folder:\n  map.html        the map; opens in a browser, needs no network\n"
    "  figure.png      the same as a picture\n  chart_*.png     charts: minutes, people, gains, maps before and after, Lorenz curve\n"
    "  report.docx     the report: answers first, numbered tables and figures\n  report.html     the same as one page for a browser\n"
    "  report.md       the same as text\n  results.gpkg    every table as a layer, for QGIS or geopandas\n"
    "  tables.xlsx     the tables that matter as a workbook: counties first, a dictionary last\n"
    "  *.csv           one file per table, for a spreadsheet\n  manifest.json   versions, data and their hashes, parameters, run time\n"
    "Files of an earlier run of the same study in that folder are replaced, others left alone.\nWhere another study's results are in "
    "the way, or files that were changed since, an error\nnames them. An output that can't be written doesn't cost the others (exit "
    "code 1).":
        "运行一项研究，把结果写入一个文件夹：\n  map.html        地图，用浏览器打开，无需联网\n  figure.png      同一内容的图\n"
        "  chart_*.png     图表：时间、人口、省时、前后对比图、洛伦兹曲线\n  report.docx     报告：结论在前，图表编号\n"
        "  report.html     同一报告的网页\n  report.md       同一报告的文本\n  results.gpkg    全部表格，每表一个图层，供 QGIS 或 geopandas 使用\n"
        "  tables.xlsx     主要表格的工作簿：首页为区县，末页为数据字典\n  *.csv           每表一个文件\n"
        "  manifest.json   版本、数据及其校验值、参数、用时\n该文件夹中同一研究先前的结果会被替换，其他文件不动。若有别的研究的结果，或先前的结果被改动过，\n"
        "则报错并列出文件名。一个结果写不出，不影响其他结果（退出码 1）。",
    "name of a study (see 'studies'), or path of a .toml file": "研究的名称（见 studies），或 .toml 文件的路径",
    "folder to write to; made if it isn't there": "写入的文件夹，没有则新建",
    "the study on these roads instead of those that its file names: an .osm.pbf or .osm\nextract, a saved network, a .graphml, drawn "
    "lines, or a region to fetch; given\nseveral times, extracts are joined":
        "用这些道路代替研究文件所指的：.osm.pbf 或 .osm 分区数据、\n保存的路网、.graphml、绘制的线，或要下载的地区；\n可给出多次，分区数据合并使用",
    "also write borders/: one small map per border of two of the study's provinces,\nand index.html that lists them":
        "另写 borders/：研究所及每两省之间省界的小地图，\n以及列出它们的 index.html",
    "overwrite files in DIR that are in the way, whatever they are": "覆盖文件夹中挡路的文件，无论是什么",
    "write only this, and compute only what it shows; may be given several times": "只写这一种结果，也只计算它所需的；可给出多次",
    "Write a commented study file that runs, from provinces and centres; what isn't given is asked for on a\nterminal. Nothing is "
    "overwritten.\n\n  borderreach new-study xianggan --provinces 湖南 江西 --centres 长沙市 萍乡市":
        "由省份和中心写出一份带注释、可直接运行的研究文件；没有给出的在终端上询问。不覆盖任何文件。\n\n"
        "  borderreach new-study xianggan --provinces 湖南 江西 --centres 长沙市 萍乡市",
    "of the study and its file: letters a to z, digits, - and _": "研究及其文件的名称：字母 a 至 z、数字、- 和 _",
    "whose counties are studied": "研究哪些省份的区县",
    "whose circles are drawn": "画哪些中心的时间圈",
    "whose borders count (default: all the provinces')": "计哪些省份之间的省界（默认：全部所列省份）",
    "title in Chinese": "中文标题",
    "title in English": "英文标题",
    "where to write NAME.toml (default: here)": "NAME.toml 写到哪里（默认：当前文件夹）",
    "Read a study, corridor or job file with all the files that it names, and print everything that is\nwrong, one line each, with "
    "file, line and remedy. Nothing is computed.":
        "读入研究、廊道或批量任务文件及其所指的全部文件，逐行列出所有错误：文件、行号和改法。不作计算。",
    "path of a .toml file": ".toml 文件的路径",
    "Print every pair of provinces that share a land border, with the border's length in km\n(on the ellipsoid) and the number of "
    "counties on each side. Hong Kong and Macao are left\nout unless --all is given.":
        "列出每两个有陆地省界的省级行政区、省界长度（千米，椭球面上量算）和两侧的区县数。\n不含香港、澳门，除非给出 --all。",
    "with Hong Kong and Macao": "包括香港、澳门",
    "tianditu (default), amap, or the path of a file with county polygons": "tianditu（默认）、amap，或区县面文件的路径",
    "write the table to this .csv (or .gpkg) as well": "同时把表写入这个 .csv（或 .gpkg）",
    "Compute the area that can be reached from each place within some minutes, by car on the\nembedded trunk roads or on --network, and "
    "print its size; with --out, write the polygons.":
        "计算从每个地点在若干分钟内驾车可达的范围（用内置干线公路或 --network 所给的路网），列出面积；\n给出 --out 时写出多边形。",
    "a name (綦江区), an adcode (500110) or lon,lat (106.55,29.56)": "地名（綦江区）、行政区划代码（500110）或经度,纬度（106.55,29.56）",
    "minutes, ascending (default: 60 120)": "分钟数，从小到大（默认：60 120）",
    "away from the places (default) or to them": "从这些地点出发（from，默认）或到达（to）",
    "add these corridors to the roads first; the name of a study adds all of its own": "先在路网上加这些廊道；给出研究名则加它的全部廊道",
    "these roads instead of the embedded ones: an .osm.pbf or .osm\nextract, a saved network, a .graphml, drawn lines, or a region to "
    "fetch; given\nseveral times, extracts are joined":
        "用这些道路代替内置的：.osm.pbf 或 .osm 分区数据、\n保存的路网、.graphml、绘制的线，或要下载的地区；\n可给出多次，分区数据合并使用",
    "its roads instead of those that the job names: an .osm.pbf or .osm\nextract, a saved network, a .graphml, drawn lines, or a region to "
    "fetch; given\nseveral times, extracts are joined":
        "用这些道路代替任务文件所指的：.osm.pbf 或 .osm 分区数据、\n保存的路网、.graphml、绘制的线，或要下载的地区；\n可给出多次，分区数据合并使用",
    "write the polygons to this .gpkg, .geojson or .csv": "把多边形写入这个 .gpkg、.geojson 或 .csv",
    "Check every claim of a study's text that has a number (does it hold, only with a corridor,\nby how much does it fail), and route to "
    "random points to see how much of its isochrones is\nwrongly inside or outside.":
        "检验研究文本中每一条有数字的论断（是否成立，是否建成廊道才成立，相差多少），\n并对随机点逐一求路，看等时圈有多少误入或误出。",
    "random points per isochrone (default: 2000)": "每个等时圈的随机点数（默认：2000）",
    "write the claims, with every column, to this .csv": "把论断连同全部列写入这个 .csv",
    "Run the job that a TOML file describes: a network, origins, scenarios and what to compute\n(docs/batches.md). Results are folders "
    "of numbered GeoParquet files. A run that was cut off\ngoes on where it stopped, when the same command is given again.":
        "运行一个 TOML 文件所写的批量任务：路网、起点、情景和要算什么（docs/batches.md）。结果是编号的 GeoParquet 文件。\n"
        "中断后重复同一命令，即从停处继续。",
    "folder for this batch; made if it isn't there": "这次批量计算的文件夹，没有则新建",
    "this process, processes of this computer, a Dask cluster (default: what the job says)":
        "本进程（here）、本机多个进程（processes）或 Dask 集群（dask）；默认按任务文件",
    "threads or processes (default: one per processor)": "线程或进程数（默认：每个处理器一个）",
    "remove earlier results in DIR and start anew": "删除文件夹中先前的结果，重新开始",
    "Build a road network from extracts of OpenStreetMap and other files, for studies and\nisochrones, or say what one holds.":
        "由 OpenStreetMap 分区数据和其他文件建立路网，供研究和等时圈使用；或说明一个路网的内容。",
    "make a network and save it": "建立路网并保存",
    "say what a network holds": "说明路网的内容",
    "Read roads, make a network of them, save it, and say what it holds.\n\n  borderreach network build guizhou chongqing --out "
    "yuqian.network\n  borderreach network build china/*.osm.pbf --main-roads --out china.network":
        "读入道路，建成路网，保存，并说明其内容。\n\n  borderreach network build guizhou chongqing --out yuqian.network\n"
        "  borderreach network build china/*.osm.pbf --main-roads --out china.network",
    "extracts of OpenStreetMap (.osm.pbf, .osm), joined where several; regions to fetch\n(guizhou); or a saved network, a .graphml, "
    "drawn lines (.gpkg, .shp)":
        "OpenStreetMap 分区数据（.osm.pbf、.osm），多份则合并；要下载的地区（guizhou）；\n或保存的路网、.graphml、绘制的线（.gpkg、.shp）",
    "the part in which one gets from anywhere to anywhere (default), or all of it": "只留任意两点可互通的部分（largest，默认），或全部（all）",
    "file to save the network as": "路网保存为这个文件",
    "motorway to secondary alone, with simplified lines: the roads of a whole country": "只要高速公路至二级道路，线形简化：用于全国的路网",
    "only the roads in this file of polygons, or in west,south,east,north": "只要这个面文件内、或“西,南,东,北”范围内的道路",
    "so much around the area (default: 0)": "范围之外再留多少千米（默认：0）",
    "a table of speeds (.toml), or a country's code in ours": "速度表（.toml），或内置速度表中的国家代码",
    "of drawn lines: the column with the speed, or one speed for all": "绘制的线：速度所在的列，或统一的速度",
    "of drawn lines: the column with the class": "绘制的线：等级所在的列",
    "of drawn lines: the column with the direction": "绘制的线：方向所在的列",
    "speed off the network": "路网之外的速度",
    "reach off the network": "路网之外最远的距离",
    "Print kilometres by class, the date of the data, what was left out, and what is unusual.":
        "列出各等级的里程、数据的日期、舍去的部分和异常之处。",
    "Show what the package computes on, with source, licence, date and hash, and download\nOpenStreetMap extracts by region.":
        "列出计算所用的数据及其来源、许可、日期和校验值，并按地区下载 OpenStreetMap 数据。",
    "list the datasets": "列出数据",
    "show what is known of a dataset": "说明一份数据",
    "download OpenStreetMap extracts by region": "按地区下载 OpenStreetMap 数据",
    "List the datasets that come with the package, and the extracts that were downloaded; with\nTEXT, all that have it in name or title, "
    "also extracts that can be downloaded.":
        "列出随软件包提供的数据和已下载的分区数据；给出文字时，列出名称或标题中有它的全部数据，\n包括可下载的。",
    "such as china or 贵州": "如 china 或 贵州",
    "Print source, licence, date, size, hash and place of a dataset. No server is asked.":
        "列出一份数据的来源、许可、日期、大小、校验值和位置。不访问服务器。",
    "of a dataset or region": "数据或地区的名称",
    "Download the OpenStreetMap extract of each region from Geofabrik, check it by the md5 that\nthe server publishes, and print where it "
    "lies: in the user's cache, or in --out. What is\nthere already isn't asked for again. After an interruption the same command goes on "
    "where\nit stopped.\n\n  borderreach data fetch guizhou chongqing\n  borderreach data fetch europe/iceland --out maps":
        "从 Geofabrik 下载各地区的 OpenStreetMap 数据，按服务器公布的 md5 校验，并说明存在哪里：用户缓存或 --out。\n"
        "已有的不再下载；中断后重复同一命令，即从停处继续。\n\n  borderreach data fetch guizhou chongqing\n"
        "  borderreach data fetch europe/iceland --out maps",
    "a region as Geofabrik spells it (asia/china/guizhou, guizhou) or a Chinese province (贵州)":
        "Geofabrik 的地区名（asia/china/guizhou、guizhou）或中国的省份（贵州）",
    "folder, or .pbf file, to put it to instead of the cache": "存到这个文件夹或 .pbf 文件，而不是缓存",
    "fetch it anew if the server has a newer one": "服务器上有更新的就重新下载",
    "servers laid out as Geofabrik's, tried in turn (default: those in the environment\nvariable BORDERREACH_GEOFABRIK, else "
    "https://download.geofabrik.de)":
        "与 Geofabrik 目录相同的服务器，依次尝试（默认：环境变量\nBORDERREACH_GEOFABRIK 所列，否则 https://download.geofabrik.de）",
    "don't fetch larger files (default: 5)": "不下载更大的文件（默认：5）",
}  # fmt: skip


def wanted_language(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Return the language that help is wanted in: as asked for, else as the environment has it, else the locale's."""
    known = os.environ if environment is None else environment
    asked = [after for one, after in pairwise(arguments) if one == "--language"]
    asked += [one.removeprefix("--language=") for one in arguments if one.startswith("--language=")]
    if asked and asked[0] in LANGUAGES:
        return asked[0]
    if known.get(LANGUAGE_VARIABLE) in LANGUAGES:
        return known[LANGUAGE_VARIABLE]
    named = next((known[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if known.get(name)), None)
    if named is None and environment is None:
        named = locale.getlocale()[0]  # such as Windows', which has no such variables
    return "zh" if (named or "").lower().startswith(("zh", "chinese")) else "en"


def parsers_of(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a parser and those of its commands."""
    yield parser
    for action in parser._actions:  # noqa: SLF001 - argparse lists its options nowhere else
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            for each in action.choices.values():
                yield from parsers_of(each)


def in_chinese(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return the parser with every text that has a translation in Chinese."""
    for one in parsers_of(parser):
        one.description = _told(one.description)
        one.epilog = _told(one.epilog)
        for group in one._action_groups:  # noqa: SLF001 - as above
            group.title = _told(group.title)
        for action in one._actions:  # noqa: SLF001 - as above
            action.help = _told(action.help)
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
                for choice in action._choices_actions:  # noqa: SLF001 - as above
                    choice.help = _told(choice.help)
    return parser


def _told(text: str | None) -> str | None:
    return None if text is None else ZH.get(text, text)
