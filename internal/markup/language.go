package markup

import "strings"

// words gives each class its words, separated by blanks.
func words(classes map[byte]string) map[string]byte {
	table := map[string]byte{}
	for class, list := range classes {
		for word := range strings.FieldsSeq(list) {
			table[word] = class
		}
	}
	return table
}

var (
	slashes  = []string{"//"}
	hash     = []string{"#"}
	stars    = [][2]string{{"/*", "*/"}}
	double   = quote{mark: `"`}
	single   = quote{mark: `'`}
	backtick = quote{mark: "`", lines: true}
	tripled  = []quote{{mark: `"""`, lines: true}, {mark: `'''`, lines: true}, double, single}
	either   = []quote{double, single}
)

const (
	flow      = "if else for while do switch case default break continue return try catch finally throw new "
	constants = "true false null nil none None True False undefined NULL nullptr self this super iota NaN "
	cTypes    = "int long short char float double void unsigned signed bool boolean byte string String "
)

// braces is a language with the comments, strings and calls that C has, and words of its own.
func braces(quotes []quote, keywords, types string) *grammar {
	return &grammar{lineRemarks: slashes, blockRemarks: stars, quotes: quotes, calls: true,
		words: words(map[byte]string{keyword: flow + keywords, number: constants, typed: types})}
}

// script is a language whose comments begin with #.
func script(quotes []quote, sigil byte, keywords, types string) *grammar {
	return &grammar{lineRemarks: hash, quotes: quotes, calls: true, sigil: sigil,
		words: words(map[byte]string{keyword: keywords, number: constants, typed: types})}
}

// settings is a language of keys and values.
func settings(remarks []string, quotes []quote) *grammar {
	return &grammar{lineRemarks: remarks, quotes: quotes, keys: true, words: words(map[byte]string{number: constants + "yes no on off"})}
}

// grammars are the languages that are coloured, by each name people write after three backticks.
var grammars = func() map[string]*grammar {
	const curly = "class interface enum extends implements import package public private protected static final abstract instanceof throws "
	c := braces(either, "struct union enum typedef sizeof static const extern goto include define ifdef ifndef endif inline volatile register", cTypes+"size_t uint8_t uint32_t uint64_t int32_t int64_t FILE")
	cpp := braces(either, curly+"struct namespace using template typename virtual override const constexpr auto delete operator friend include define mutable noexcept", cTypes+"size_t std vector map")
	java := braces(append([]quote{{mark: `"""`, lines: true}}, either...), curly+"synchronized volatile transient record var sealed permits yield", cTypes+"Integer List Map Set Object")
	js := braces([]quote{double, single, backtick}, curly+"const let var function async await of in typeof export from delete yield get set void", "Array Object Promise Map Set Date RegExp Number Boolean String Symbol")
	ts := braces([]quote{double, single, backtick}, curly+"const let var function async await of in typeof export from delete yield get set type declare namespace readonly keyof as is satisfies", "string number boolean any unknown never void object Array Promise Record Map Set Partial")
	golang := braces([]quote{double, single, {mark: "`", bare: true, lines: true}}, "func var const type struct interface map chan go defer select range package import fallthrough goto", "int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 float32 float64 complex64 complex128 string bool byte rune error any uintptr")
	rust := braces([]quote{double}, "fn let mut pub mod use impl trait struct enum match loop in ref move async await dyn where unsafe as crate const static type extern", "i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 usize isize bool char str String Vec Option Result Box Self Some None Ok Err")
	csharp := braces(either, curly+"namespace using var async await foreach in out ref get set struct delegate event override virtual sealed readonly const is as where record", cTypes+"decimal object dynamic List Dictionary Task")
	kotlin := braces(tripled, curly+"fun val var when object data sealed companion override open internal in is as suspend by init lateinit", "Int Long Double Float Boolean String Unit Any List Map")
	swift := braces(tripled, curly+"func let var struct protocol extension guard defer in where repeat inout mutating init deinit as is async await", "Int Double Float Bool String Array Dictionary Any Self")
	php := braces(either, curly+"function echo foreach as use namespace trait fn match elseif endif isset unset global array", "int string bool float mixed void")
	php.sigil, php.lineRemarks = '$', []string{"//", "#"}
	css := &grammar{blockRemarks: stars, quotes: either, keys: true, calls: true, sigil: '@', words: words(map[byte]string{keyword: "important", number: "inherit initial unset auto none"})}
	python := script(tripled, '@', "def class if elif else for while break continue return import from as with try except finally raise pass yield lambda global nonlocal assert async await del in is not and or match case", "int str float bool list dict set tuple bytes object")
	ruby := script(either, '@', "def class module if elsif else unless case when while until for in do end begin rescue ensure raise return yield break next redo retry then and or not require include extend attr_accessor attr_reader lambda proc puts", "Integer String Array Hash Symbol Float")
	shell := script([]quote{{mark: `"`, lines: true}, {mark: `'`, bare: true, lines: true}}, '$', "if then else elif fi for while until do done case esac in function return exit export local set unset source echo cd sudo read shift trap", "")
	shell.calls = false
	perl := script(either, '$', "my our local sub use package if elsif else unless while until for foreach return last next die print bless ref and or not eq ne qw", "")
	r := script(either, 0, "function if else for while repeat in next break return library", "TRUE FALSE NA Inf")
	powershell := script(either, '$', "function param if else elseif foreach for while switch return try catch finally throw begin process end in", "")
	powershell.blockRemarks, powershell.folded = [][2]string{{"<#", "#>"}}, true
	lua := &grammar{lineRemarks: []string{"--"}, blockRemarks: [][2]string{{"--[[", "]]"}}, quotes: either, calls: true,
		words: words(map[byte]string{keyword: "local function end if then elseif else for while repeat until do return break in and or not goto", number: constants})}
	haskell := &grammar{lineRemarks: []string{"--"}, blockRemarks: [][2]string{{"{-", "-}"}}, quotes: []quote{double},
		words: words(map[byte]string{keyword: "module import where let in case of if then else do data type newtype class instance deriving qualified as hiding infixl infixr", typed: "Int Integer String Bool Maybe Either IO Char Double", number: "True False Nothing"})}
	sql := &grammar{lineRemarks: []string{"--"}, blockRemarks: stars, quotes: []quote{{mark: `'`, bare: true, lines: true}, {mark: `"`, bare: true}}, calls: true, folded: true,
		words: words(map[byte]string{keyword: "select from where group by order having limit offset insert into values update set delete create table index view drop alter add column primary key foreign references unique not null and or in is like between exists as join left right inner outer full cross on union all distinct case when then else end with recursive begin commit rollback returning default check constraint if asc desc using over partition explain analyze pragma",
			typed: "int integer bigint smallint text varchar char boolean bool date timestamp timestamptz numeric real double blob json jsonb uuid serial", number: "true false"})}
	json := &grammar{quotes: []quote{double}, words: words(map[byte]string{number: "true false null"})}
	yaml, toml, ini := settings(hash, either), settings(hash, tripled), settings([]string{"#", ";"}, either)
	docker := script(either, '$', "from run cmd label expose env add copy entrypoint volume user workdir arg onbuild healthcheck shell as", "")
	docker.folded, docker.calls = true, false
	make := script(nil, '$', "ifeq ifneq ifdef ifndef else endif include define endef export override", "")
	make.keys = true
	tags, diff := &grammar{scan: scanTags}, &grammar{scan: scanDiff}

	table := map[string]*grammar{}
	for names, known := range map[string]*grammar{
		"c h": c, "cpp c++ cc cxx hpp objc": cpp, "java scala groovy dart": java, "js javascript jsx mjs node": js, "ts typescript tsx": ts,
		"go golang": golang, "rust rs": rust, "cs csharp c#": csharp, "kotlin kt kts": kotlin, "swift": swift, "php": php, "css scss less": css,
		"python py python3": python, "ruby rb": ruby, "sh bash shell zsh console fish": shell, "perl pl": perl, "r": r, "powershell ps1 pwsh": powershell,
		"lua": lua, "haskell hs": haskell, "sql sqlite postgresql postgres mysql psql": sql, "json json5 jsonc": json,
		"yaml yml": yaml, "toml": toml, "ini conf cfg properties nginx": ini, "dockerfile docker": docker, "make makefile mk": make,
		"html xml svg xhtml vue svelte": tags, "diff patch": diff,
	} {
		for name := range strings.FieldsSeq(names) {
			table[name] = known
		}
	}
	return table
}()
