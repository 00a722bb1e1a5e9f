using System.Text;

namespace Fleet.Cli.Completion;

/// <summary>The scripts. Each holds the tree of the commands, so that most completions start no process. Where a name is live it asks
/// <c>fleet "[suggest:N]"</c>.</summary>
internal static class CompletionScripts
{
    /// <summary>In a list of values: ask fleet.</summary>
    private const string Live = "@";

    public static string Bash(IReadOnlyList<CompletionNode> nodes) => $$"""
        # bash completion of fleet. Load it with: source <(fleet completion bash)
        {{PosixTree(nodes)}}
        _fleet() {
          local line="${COMP_LINE:0:COMP_POINT}" cur="${COMP_WORDS[COMP_CWORD]}" path="" open="" word i values before=""
          for ((i = 1; i < COMP_CWORD; i++)); do
            word="${COMP_WORDS[i]}"
            if [[ -n "$open" ]]; then open=""
            elif [[ "$word" == -* ]]; then [[ -n "$(_fleet_tree "value:$word")" ]] && open="$word"
            elif [[ " $(_fleet_tree "commands:$path") " == *" $word "* ]]; then path="${path:+$path }$word"
            fi
          done
          if [[ -n "$open" ]]; then values="$(_fleet_tree "value:$open")"
          elif [[ "$cur" == -* ]]; then values="$(_fleet_tree "options:$path")"
          else values="$(_fleet_tree "commands:$path")"
          fi
          if [[ "$values" == "@" ]]; then values="$("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)"
          elif [[ "$values" == "?" ]]; then COMPREPLY=($(compgen -f -- "$cur")); return
          fi
          # Bash splits a word at its colons, and replaces only what stands behind the last one.
          if [[ "$COMP_WORDBREAKS" == *:* && "${line##* }" == *:* ]]; then cur="${line##* }"; before="${cur%"${cur##*:}"}"; fi
          COMPREPLY=($(compgen -W "$values" -- "$cur")); COMPREPLY=("${COMPREPLY[@]#"$before"}")
        }
        complete -F _fleet fleet

        """;

    public static string Zsh(IReadOnlyList<CompletionNode> nodes) => $$"""
        #compdef fleet
        # zsh completion of fleet. Load it with: source <(fleet completion zsh)
        {{PosixTree(nodes)}}
        _fleet() {
          local cur="${words[CURRENT]}" trail="" open="" word values line
          local -i i
          line="${(j: :)words[1,CURRENT]}"
          for ((i = 2; i < CURRENT; i++)); do
            word="${words[i]}"
            if [[ -n "$open" ]]; then open=""
            elif [[ "$word" == -* ]]; then [[ -n "$(_fleet_tree "value:$word")" ]] && open="$word"
            elif [[ " $(_fleet_tree "commands:$trail") " == *" $word "* ]]; then trail="${trail:+$trail }$word"
            fi
          done
          if [[ -n "$open" ]]; then values="$(_fleet_tree "value:$open")"
          elif [[ "$cur" == -* ]]; then values="$(_fleet_tree "options:$trail")"
          else values="$(_fleet_tree "commands:$trail")"
          fi
          if [[ "$values" == "@" ]]; then values="$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)"
          elif [[ "$values" == "?" ]]; then _files; return
          fi
          compadd -- ${=values}
        }
        (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -u -D; }
        compdef _fleet fleet

        """;

    public static string Fish(IReadOnlyList<CompletionNode> nodes)
    {
        var tree = new StringBuilder();
        foreach (var (key, values) in Entries(nodes))
            tree.Append($"    case '{key}'\n      echo '{values.Replace(" ", "\n", StringComparison.Ordinal)}'\n");
        return $$"""
            # fish completion of fleet. Load it with: fleet completion fish | source
            function __fleet_tree
              switch $argv[1]
            {{tree}}  end
            end

            function __fleet_complete
              set -l words (commandline -opc)
              set -l cur (commandline -ct)
              set -l path ''
              set -l open ''
              for word in $words[2..-1]
                if test -n "$open"
                  set open ''
                else if string match -q -- '-*' $word
                  test -n "$(__fleet_tree "value:$word")"; and set open $word
                else if contains -- $word (__fleet_tree "commands:$path")
                  set path (string trim -- "$path $word")
                end
              end
              set -l values
              if test -n "$open"
                set values (__fleet_tree "value:$open")
              else if string match -q -- '-*' $cur
                set values (__fleet_tree "options:$path")
              else
                set values (__fleet_tree "commands:$path")
              end
              if test "$values" = '@'
                set -l line (string join ' ' -- $words $cur)
                set values ($words[1] "[suggest:"(string length -- $line)"]" $line 2>/dev/null)
              else if test "$values" = '?'
                __fish_complete_path $cur
                return
              end
              for value in $values
                echo $value
              end
            end

            complete -c fleet -f -a '(__fleet_complete)'

            """;
    }

    public static string Pwsh(IReadOnlyList<CompletionNode> nodes)
    {
        var tree = new StringBuilder();
        foreach (var (key, values) in Entries(nodes))
            tree.Append($"    '{key}' = '{values}'\n");
        return $$"""
            # PowerShell completion of fleet. Load it with: fleet completion pwsh | Out-String | Invoke-Expression
            Register-ArgumentCompleter -Native -CommandName fleet -ScriptBlock {
              param($wordToComplete, $commandAst, $cursorPosition)
              $tree = @{
            {{tree}}  }
              $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { "$_" })
              $path = ''
              $open = ''
              foreach ($word in ($words | Select-Object -Skip 1)) {
                if ($open) { $open = '' }
                elseif ($word.StartsWith('-')) { if ($tree["value:$word"]) { $open = $word } }
                elseif (($tree["commands:$path"] -split ' ') -ccontains $word) { $path = "$path $word".Trim() }
              }
              $values = if ($open) { $tree["value:$open"] }
                elseif ($wordToComplete.StartsWith('-')) { $tree["options:$path"] }
                else { $tree["commands:$path"] }
              if ($values -eq '?') { return }
              $values = if ($values -eq '@') {
                $line = (@($words) + $wordToComplete) -join ' '
                & $words[0] "[suggest:$($line.Length)]" $line 2>$null
              } else { $values -split ' ' }
              $values | Where-Object { $_ -and $_.StartsWith($wordToComplete) } | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
              }
            }

            """;
    }

    private static string PosixTree(IReadOnlyList<CompletionNode> nodes)
    {
        var tree = new StringBuilder("_fleet_tree() {\n  case \"$1\" in\n");
        foreach (var (key, values) in Entries(nodes))
            tree.Append($"    '{key}') echo '{values}' ;;\n");
        return tree.Append("  esac\n}").ToString();
    }

    /// <summary>The tree as keys with words: <c>commands:run</c>, <c>options:run list</c>, <c>value:--state</c>. The value of an option
    /// that takes anything is <c>?</c>, of a live name <c>@</c>.</summary>
    private static IEnumerable<(string Key, string Values)> Entries(IReadOnlyList<CompletionNode> nodes)
    {
        foreach (var node in nodes)
        {
            var commands = node.Argument is null ? string.Join(' ', node.Commands.Concat(node.Values)) : Live;
            if (commands.Length > 0)
                yield return ($"commands:{node.Path}", commands);
            yield return ($"options:{node.Path}", string.Join(' ', node.Options.SelectMany(CompletionTree.NamesOf)));
        }

        // An option means the same in every command that has it.
        var options = nodes.SelectMany(n => n.Options.Select(o => (n.Path, Option: o))).Where(o => CompletionTree.TakesValue(o.Option));
        foreach (var group in options.SelectMany(o => CompletionTree.NamesOf(o.Option).Select(name => (Name: name, o.Path, o.Option)))
            .GroupBy(o => o.Name, StringComparer.Ordinal))
        {
            var isLive = group.Any(o => LiveNames.KindOf(o.Path, o.Option.Name) is not null);
            var values = group.SelectMany(o => CompletionTree.ValuesOf(o.Option)).Distinct(StringComparer.Ordinal).ToList();
            yield return ($"value:{group.Key}", isLive ? Live : values.Count > 0 ? string.Join(' ', values) : "?");
        }
    }
}
