using Fleet.Cli;

return await CommandLine.InvokeAsync(Commands.Root(new CommandContext(TimeProvider.System)), args);
