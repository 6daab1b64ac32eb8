"""What runs the containers of tasks: one module a way of running them, behind `driver.Driver`."""
