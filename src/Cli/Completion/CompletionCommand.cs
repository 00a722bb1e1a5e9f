using System.CommandLine;

namespace Fleet.Cli.Completion;

/// <summary><c>fleet completion SHELL</c>: prints a script that completes commands, options and live names.</summary>
public static class CompletionCommand
{
    public static Command Command(CommandContext cli)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh, fish or pwsh." }
            .AcceptOnlyFromAmong("bash", "zsh", "fish", "pwsh");
        var command = new Command("completion", "Print a script that completes commands, options and names in a shell.") { shell };
        command.SetAction(parsed =>
        {
            cli.RefuseFormats(parsed, "a script");
            var nodes = CompletionTree.Of((RootCommand)parsed.RootCommandResult.Command);
            Console.Out.Write(parsed.GetValue(shell) switch
            {
                "bash" => CompletionScripts.Bash(nodes),
                "zsh" => CompletionScripts.Zsh(nodes),
                "fish" => CompletionScripts.Fish(nodes),
                _ => CompletionScripts.Pwsh(nodes),
            });
        });
        return command;
    }
}
