using Fleet.Cli;

return await CommandLine.InvokeAsync(new CommandContext(TimeProvider.System), args);
